import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Host, Network } from './network.js';

const PAGE_SIZE = 4_096;

/** The processes that run on a host. */
export function pidsOn(network: Network, host: Host): number[] {
  // Asked from outside, so that the question is no process of the host's.
  const pids = network.run(network.client === host ? network.server : network.client, [
    'ip',
    'netns',
    'pids',
    host.namespace,
  ]);
  return pids.split('\n').filter(Boolean).map(Number);
}

/** What the kernel tells of each thread of a process: the lines of its status by their names. */
export function threadsOf(pid: number): ReadonlyMap<string, string>[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const lines = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8').split('\n');
    return new Map(lines.map((line) => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*:\s*/, '').trim()]));
  });
}

/** What the open descriptors of a process point to. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
}

/** The files that a process has mapped, native modules among them. */
export function mappedFilesOf(pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return [...new Set(lines.map((line) => line.split(/\s+/)[5] ?? '').filter((file) => file.startsWith('/')))];
}

/** Bytes of memory that a process occupies. */
export function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_SIZE;
}

/** The words of a process's command line. */
export function commandLineOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
}

/** Whether a process is there and has not ended. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
