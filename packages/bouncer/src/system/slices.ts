import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds for which work on many clients goes on until others have their turn. Collecting garbage adds some. */
const SLICE_MILLISECONDS = 6;

let began = -Infinity;

/** Whether this turn of all that is done for many clients has taken long enough. */
export function isSliceOver(): boolean {
  return performance.now() - began >= SLICE_MILLISECONDS;
}

/** Lets others have their turn. */
export async function giveWay(): Promise<void> {
  await nextTurn();
  began = performance.now();
}
