/** The thread of keys-ahead.ts. */
import { workerData } from 'node:worker_threads';
import { deriveClientKeys, seed } from '@bouncer-spa/protocol';
import { KEY_SIZE } from '../core/locator-pairs.js';
import { PROGRESS, SEED_SIZE, type KeysAheadMemory } from './keys-ahead.js';

const { id, seeds, keys, progress } = workerData as KeysAheadMemory;

for (let done = 0; ;) {
  const told = Atomics.load(progress, PROGRESS.seeds);
  const added = told < 0 ? ~told : told;
  for (; done < added; done++) {
    const bytes = seeds.subarray(SEED_SIZE * done, SEED_SIZE * (done + 1));
    keys.set(deriveClientKeys(seed(bytes), id).locator, KEY_SIZE * done);
    Atomics.store(progress, PROGRESS.keys, done + 1);
  }
  if (told < 0) break;
  Atomics.wait(progress, PROGRESS.seeds, told);
}
