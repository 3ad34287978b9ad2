import type { Settings } from './settings.js';

/**
 * Repeats what takes long: as often as the settings say, but not again if that would take longer than
 * there is time for.
 */
export async function repeat({ repetitions, seconds }: Settings, work: () => Promise<void>): Promise<void> {
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const began = performance.now();
    await work();
    const now = performance.now();
    // The clock of this process starts with it.
    if (now + (now - began) > 1_000 * seconds) return;
  }
}
