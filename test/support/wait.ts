import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `look` returns something.
 * @throws {Error} after `milliseconds`, with what was waited for
 */
export async function waitFor<Found>(
  what: string,
  look: () => Found | undefined,
  milliseconds = 10_000,
): Promise<Found> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain for ${what}`);
    await sleep(5);
  }
}

/**
 * Waits until something that has to be asked for is true.
 * @throws {Error} after `milliseconds`, with what was waited for
 */
export async function waitUntil(
  what: string,
  ask: () => Promise<boolean>,
  milliseconds = 20_000,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain for ${what}`);
    await sleep(20);
  }
}
