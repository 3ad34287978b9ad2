const FIRST = 1_000;
const LONGEST = 300_000;

/** Milliseconds to wait after so many failures one after the other, 1 or more: from a second, doubled each time, to five minutes. */
export function backoff(failures: number): number {
  return Math.min(LONGEST, FIRST * 2 ** (failures - 1));
}
