import { Worker } from 'node:worker_threads';
import type { Seed, ServerId } from '@bouncer-spa/protocol';
import { KEY_SIZE } from '../core/locator-pairs.js';
import type { KeysAhead } from '../core/policy.js';

const PROGRAM = new URL('keys-ahead-main.js', import.meta.url);

/** Size in bytes of a seed. */
export const SEED_SIZE = 32;

/** What has come about so far: the seeds that are there, all bits reversed when no more come; the keys of them. */
export const PROGRESS = { seeds: 0, keys: 1 } as const;

/** What the thread shares with us. */
export interface KeysAheadMemory {
  readonly id: ServerId;
  readonly seeds: Uint8Array;
  readonly keys: Uint8Array;
  /** By `PROGRESS`. */
  readonly progress: Int32Array;
}

/** With fewer clients, a thread that has to be started first saves nothing. */
export const MANY_CLIENTS = 20_000;

/** The thread is woken after so many seeds, and not for each. */
const BATCH = 256;

/** Has a thread derive K_locator of one client after the other, while the rest of the config is made ready. */
export class KeyThread implements KeysAhead {
  /** `undefined` if there is no thread, or nobody needs it any more. */
  #memory: KeysAheadMemory | undefined;
  #added = 0;

  /** @param program of the thread */
  constructor(clients: number, id: ServerId, program = PROGRAM) {
    // Each may have a previous seed besides.
    const most = 2 * clients;
    const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
    // What is not derived here is derived by whoever needs it.
    try {
      this.#memory = {
        id,
        seeds: new Uint8Array(shared(SEED_SIZE * most)),
        keys: new Uint8Array(shared(KEY_SIZE * most)),
        progress: new Int32Array(shared(2 * Int32Array.BYTES_PER_ELEMENT)),
      };
      const thread = new Worker(program, { workerData: this.#memory, env: {} });
      thread.unref();
      thread.on('error', () => {
        this.release();
      });
    } catch {
      this.release(); // there may be no memory, or no thread, left
    }
  }

  /** To be called for each client, in their order. */
  add(seed: Seed): void {
    this.#memory?.seeds.set(seed, SEED_SIZE * this.#added++);
    if (this.#added % BATCH === 0) this.#tell(this.#added);
  }

  /** No more seeds come. */
  finish(): void {
    this.#tell(~this.#added);
  }

  take(target: Uint8Array, from: number): number {
    if (this.#memory === undefined) return from;
    const { keys, progress } = this.#memory;
    const done = Atomics.load(progress, PROGRESS.keys);
    if (done <= from) return from;
    target.set(keys.subarray(KEY_SIZE * from, KEY_SIZE * done), KEY_SIZE * from);
    return done;
  }

  release(): void {
    this.#memory = undefined;
  }

  #tell(seeds: number): void {
    if (this.#memory === undefined) return;
    const { progress } = this.#memory;
    Atomics.store(progress, PROGRESS.seeds, seeds);
    Atomics.notify(progress, PROGRESS.seeds);
  }
}
