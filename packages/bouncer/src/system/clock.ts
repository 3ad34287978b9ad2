import type { Moment } from '../core/moment.js';

const NANOSECONDS = 1e6;

/** Milliseconds since the machine was started (CLOCK_MONOTONIC): other processes of ours read the same. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / NANOSECONDS;
}

export function momentNow(): Moment {
  return { unix: Date.now(), monotonic: monotonicNow() };
}
