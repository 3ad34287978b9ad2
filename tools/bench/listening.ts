import type { ChildProcess } from 'node:child_process';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from './arena.js';

/** Seconds that a start may take. */
const PATIENCE = 30;

/**
 * Waits until a process that was started on the server has a packet socket, by looking every
 * millisecond. For contenders that do not say when they listen.
 * @returns milliseconds since `began`, a time of the monotonic clock
 */
export async function untilListening(arena: Arena, child: ChildProcess, began: number): Promise<number> {
  while (performance.now() - began < 1_000 * PATIENCE) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with status ${child.exitCode}`);
    if (hasPacketSocket(arena, child)) return performance.now() - began;
    await sleep(1);
  }
  throw new Error(`waited ${PATIENCE} s in vain for a contender to listen`);
}

function hasPacketSocket({ network }: Arena, { pid }: ChildProcess): boolean {
  if (pid === undefined) return false;
  try {
    // Before `ip netns exec` has entered the namespace, the list would be that of this one.
    const { ino } = statSync(`/run/netns/${network.server.namespace}`);
    if (readlinkSync(`/proc/${pid}/ns/net`) !== `net:[${ino}]`) return false;
    return readFileSync(`/proc/${pid}/net/packet`, 'ascii').trim().includes('\n');
  } catch {
    return false; // not there yet
  }
}
