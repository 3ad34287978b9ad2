import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { minute } from '@bouncer-spa/protocol';
import type { ReplayRecord } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import { repositoryPath } from './paths.js';

/** A minute later than any of the records. */
export const UNREACHABLE = 5_000;

/** What is found in a store: its content, or what went wrong. */
export type Finding =
  { readonly floor: number; readonly known: readonly string[] } | { readonly fault: string };

/** One of many records, in all minutes of a window. */
export function recordOf(number: number): ReplayRecord {
  const tag = createHash('sha256').update(String(number)).digest();
  return { minute: minute(1_000 + (number % 5)), tag, floor: minute(1_000) };
}

/** The records of the first `count` that would be accepted again, from what was found. */
export function forgottenOf(finding: Finding, count: number): number[] {
  if ('fault' in finding) return [];
  const known = new Set(finding.known);
  return Array.from({ length: count }, (_, number) => number).filter((number) => {
    const { minute: at, tag } = recordOf(number);
    return at >= finding.floor && !known.has(`${at} ${Buffer.from(tag).toString('hex')}`);
  });
}

/** Opens stores in another process, and in the next one where that dies. */
export async function probeStores(folders: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  while (findings.length < folders.length) {
    const lines = await probeUntilDeath(folders.slice(findings.length));
    findings.push(...lines);
  }
  return findings;
}

async function probeUntilDeath(folders: readonly string[]): Promise<Finding[]> {
  const child = spawn(process.execPath, [repositoryPath('build/test/support/store-probe-main.js')]);
  let said = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  child.stdin.on('error', () => undefined).end(folders.join('\n'));
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const findings = said
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Finding);
  if (findings.length < folders.length) {
    findings.push({ fault: `the process ended with ${status ?? signal ?? ''}: ${complaints.trim()}` });
  }
  return findings;
}
