import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '../../test/support/network.js';
import { pidsOn } from '../../test/support/processes.js';

const SECOND = 1e9;

/** The kernel tells times of whole processes in these (USER_HZ). */
const TICK = SECOND / 100;

/** Fields of /proc/PID/stat after the command's closing bracket: time of children that were waited for. */
const FIELD = { childrenUser: 13, childrenSystem: 14 } as const;

/**
 * CPU time of everything that runs on the server, in nanoseconds: of living threads to the nanosecond
 * (the scheduler's own count), of children that have ended and were waited for in ticks of 10 ms.
 */
export function cpuOnServer(network: Network): number {
  return pidsOn(network, network.server)
    .map((pid) => orNothing(() => cpuOf(pid)))
    .reduce((sum, time) => sum + time, 0);
}

function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    orNothing(() => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'ascii').split(' ')[0])),
  );
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended = Number(fields[FIELD.childrenUser]) + Number(fields[FIELD.childrenSystem]);
  return threads.reduce((sum, time) => sum + time, ended * TICK);
}

/** Memory in bytes. */
export interface Memory {
  readonly resident: number;
  /** Each page divided by the number of processes that have it. */
  readonly proportional: number;
  readonly processes: number;
}

/** Memory of everything that runs on the server. */
export function memoryOnServer(network: Network): Memory {
  const pids = pidsOn(network, network.server);
  const sum = (field: string): number =>
    pids.map((pid) => orNothing(() => rollup(pid, field))).reduce((total, bytes) => total + bytes, 0);
  return { resident: sum('Rss'), proportional: sum('Pss'), processes: pids.length };
}

function rollup(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
}

/** A process can end while it is looked at. */
function orNothing(look: () => number): number {
  try {
    return look();
  } catch {
    return 0;
  }
}

/** Waits until nothing on the server computes any more, such as tables after a start, or for so long. */
export async function calm(network: Network, mostMilliseconds = 20_000): Promise<void> {
  const deadline = performance.now() + mostMilliseconds;
  let before = cpuOnServer(network);
  while (performance.now() < deadline) {
    await sleep(300);
    const now = cpuOnServer(network);
    if (now - before < 0.03 * 0.3 * SECOND) return;
    before = now;
  }
}
