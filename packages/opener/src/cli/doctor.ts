import type { ProfileChoice } from '../core/profile-choice.js';
import type { Profile } from '../core/profile.js';
import { Refusal, type Problem } from '../core/refusal.js';
import { askClockState } from '../system/clock-state.js';
import { probeRoute } from '../system/route-probe.js';
import { loadProfile } from '../system/profile-file.js';
import { resolveEach, type Destination } from '../system/resolve.js';
import { loadSealer } from '../system/sealer.js';
import { writeStandardOutput } from '../system/standard-output.js';

/** What was found in one respect. */
interface Finding extends Problem {
  readonly grade: 'ok' | 'warn' | 'fail';
  readonly subject: string;
}

const WIDEST_SUBJECT = 'firewall'.length;

/**
 * Looks at everything on this machine that a packet depends on, and prints a line for each.
 * @throws {Refusal} if a packet could not be made or sent
 */
export async function doctor(choice: ProfileChoice): Promise<void> {
  const findings = await examine(choice);
  await writeStandardOutput(findings.map(asLines).join(''));
  const failed = findings.filter(({ grade }) => grade === 'fail').length;
  if (failed > 0) throw new Refusal('sending', { sentence: `${failed} of ${findings.length} checks failed` });
}

async function examine(choice: ProfileChoice): Promise<Finding[]> {
  const findings: Finding[] = [];
  const profile = await attempt(findings, 'profile', () => loadProfile(choice));
  if (profile !== undefined) {
    findings.push({ grade: 'ok', subject: 'profile', sentence: profile.file });
    findings.push(...actionFindings(profile));
    const sealer = await attempt(findings, 'secrets', () => loadSealer(profile, undefined));
    if (sealer !== undefined) {
      findings.push({
        grade: 'ok',
        subject: 'secrets',
        sentence: 'seed and gate key are readable to you alone',
      });
    }
  }
  findings.push(await clockFinding());
  if (profile === undefined) return findings;
  const destinations = await attempt(findings, 'name', () => resolveEach(profile.host, 0));
  if (destinations === undefined) return findings;
  const addresses = destinations.map(({ address }) => address).join(' and ');
  findings.push({ grade: 'ok', subject: 'name', sentence: `${profile.host} is ${addresses}` });
  for (const destination of destinations) findings.push(...(await routeFindings(destination, profile.port)));
  return findings;
}

function actionFindings({ actions, port, file }: Profile): Finding[] {
  const subject = 'profile';
  const findings: Finding[] = [];
  if (port === undefined) {
    findings.push({
      grade: 'warn',
      subject,
      sentence: 'names no port',
      hint: `port = PORT in ${file}, or -p`,
    });
  }
  if (actions.size === 0) findings.push({ grade: 'warn', subject, sentence: 'names no actions' });
  return findings;
}

async function clockFinding(): Promise<Finding> {
  const subject = 'clock';
  switch (await askClockState()) {
    case 'synchronised':
      return { grade: 'ok', subject, sentence: 'the system says that it is synchronised' };
    case 'unsynchronised':
      return {
        grade: 'warn',
        subject,
        sentence: 'the system says that it is not synchronised; a server accepts a few minutes either way',
        hint: 'timedatectl set-ntp true',
      };
    case 'unknown':
      return { grade: 'warn', subject, sentence: 'the system does not say whether it is synchronised' };
  }
}

async function routeFindings(to: Destination, port: number | undefined): Promise<Finding[]> {
  const route = await probeRoute(to, port);
  if (route.kind === 'none') {
    return [{ grade: 'fail', subject: 'route', sentence: `to ${to.address}: ${route.reason}` }];
  }
  const findings: Finding[] = [
    { grade: 'ok', subject: 'route', sentence: `to ${to.address} leaves from ${route.source}` },
  ];
  if (route.blocked === undefined) {
    findings.push({
      grade: 'ok',
      subject: 'firewall',
      sentence: `this machine lets UDP to ${to.address} out`,
    });
  } else {
    findings.push({
      grade: 'fail',
      subject: 'firewall',
      sentence: `this machine does not let UDP to ${to.address} out: ${route.blocked}`,
      hint: 'nft list ruleset',
    });
  }
  return findings;
}

/** What the work comes to; nothing, and a finding for each problem, if that is refused. */
async function attempt<Result>(
  findings: Finding[],
  subject: string,
  work: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    findings.push(...error.problems.map((problem) => ({ ...problem, grade: 'fail' as const, subject })));
    return undefined;
  }
}

function asLines({ grade, subject, sentence, hint }: Finding): string {
  const line = `${grade.padEnd('warn'.length)}  ${subject.padEnd(WIDEST_SUBJECT)}  ${sentence}`;
  const lines = hint === undefined ? [line] : [line, `      hint: ${hint}`];
  return lines.map((text) => `${text.replaceAll(/\p{Cc}/gu, '?')}\n`).join('');
}
