import { setTimeout as sleep } from 'node:timers/promises';
import { minute, minuteOf } from '@bouncer-spa/protocol';
import { portExpression } from '../core/capture-filter.js';
import type { SeenPackets } from '../core/control.js';
import type { CaptureReport } from '../core/capture-wire.js';
import { Examiner } from '../core/diagnosis.js';
import { parseDuration } from '../core/duration.js';
import type { ReplayContent } from '../core/replay-cache.js';
import { planCaptures } from '../system/capture-plan.js';
import { CaptureError, CaptureProcess } from '../system/capture-process.js';
import { momentNow } from '../system/clock.js';
import { loadConfig } from '../system/config-file.js';
import { askDaemon, ControlError } from '../system/control-client.js';
import { CONFIG_OPTION, defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';
import { Failure, reporting } from './failure.js';
import { Findings } from './findings.js';
import { spanText } from './span.js';
import { UsageError } from './usage-error.js';

/** Seconds. */
const LONGEST = 86_400;

export const command = defineCommand({
  usage: 'bouncer diagnose [OPTIONS]',
  about: `Listens beside the running daemon and says of each datagram at the port what
it is and what to do about it: not a packet, another server's, a clock that is
wrong by up to a day, an unknown client, a replay, not allowed. Nothing is acted
on. Ctrl-C ends it early.`,
  options: {
    config: CONFIG_OPTION,
    for: { type: 'string', value: 'TIME', default: '1m', text: 'how long to listen (default: 1m)' },
    json: { type: 'boolean', default: false, text: 'print JSON, an object a line' },
  },
  examples: ['bouncer diagnose', 'bouncer diagnose --for 10m'],
  run({ config, for: time, json }, words) {
    expectNoWords(words);
    const seconds = parseDuration(time);
    if (seconds === undefined || seconds > LONGEST)
      throw new UsageError(`--for: expected a time such as "5m", at most "1d", got "${time}"`);
    return diagnose(config, seconds, json);
  },
});

function diagnose(file: string, seconds: number, json: boolean): Promise<ExitCode> {
  return reporting(async () => {
    if (process.geteuid?.() !== 0)
      throw new Failure('diagnose needs root, to capture packets: try it with sudo');
    const interrupted = new Promise((resolve) => {
      process.once('SIGINT', resolve).once('SIGTERM', resolve);
    });
    const config = await loadConfig(file);
    const seen = await seenBy(config.controlSocket);
    const findings = new Findings(new Examiner(config.policy, seen), json);
    const reports = new Map<string, CaptureReport>();
    const captures: CaptureProcess[] = [];
    const openings = planCaptures(config, minuteOf(Date.now())).map(({ spec }) => {
      const everything = { ...spec, filter: portExpression(spec.port), gates: undefined };
      const capture = new CaptureProcess();
      captures.push(capture);
      return capture.open(everything, {
        datagram(datagram) {
          findings.take(datagram, momentNow());
        },
        report(report) {
          reports.set(spec.interface, report);
        },
      });
    });
    try {
      await Promise.all(openings);
      console.error(`bouncer: listening for ${spanText(seconds)}`);
      await Promise.race([
        sleep(seconds * 1_000, undefined, { ref: false }),
        interrupted,
        firstEnd(captures),
      ]);
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      throw new Failure(`not listening: ${error.message}`);
    } finally {
      await Promise.all(captures.map((capture) => capture.retire()));
      for (const report of reports.values()) findings.passOver(report);
      findings.close();
    }
  });
}

/** @throws {CaptureError} when one of the captures ends by itself */
async function firstEnd(captures: readonly CaptureProcess[]): Promise<never> {
  throw new CaptureError(await Promise.race(captures.map(({ ended }) => ended)));
}

/** What the daemon has accepted up to now: whoever sends that again is to be told a replay. */
async function seenBy(controlSocket: string): Promise<ReplayContent> {
  try {
    const { body } = await askDaemon(controlSocket, 'GET', '/replay');
    const { floor, packets } = body as SeenPackets;
    const tags = packets.map(({ minute: at, tag }) => ({ minute: at, tag: Buffer.from(tag, 'base64') }));
    return { floor, tags };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    console.error(`bouncer: ${error.message}; so what was accepted before is not known to be a replay`);
    return { floor: minute(0), tags: [] };
  }
}
