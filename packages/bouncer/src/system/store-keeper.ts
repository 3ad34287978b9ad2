import { setTimeout as sleep } from 'node:timers/promises';
import { Pauses } from '../core/pauses.js';
import { ClusterStore } from './cluster-store.js';
import { reasonOf } from './reason.js';
import { withoutPassword, type StorePlace } from './store-connection.js';

/** Milliseconds between looks at the store. */
export const BEAT = 500;

/** Milliseconds before the store is tried again: doubled from first to longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1_000;

/** A connection that lasted this many milliseconds is no reason to wait with the next. */
const LASTED = 10_000;

/** Who works with the store. */
export interface StoreEvents {
  /** Looks at it: twice a second. A look that fails ends the connection. */
  look(store: ClusterStore): Promise<void>;
  /** A change of grants that a gateway has told. */
  told(line: string): void;
  /** The connection is over, or there is none. */
  lost(reason: string): void;
}

/** Keeps a connection to a cluster's store, and makes another when it is over. */
export class StoreKeeper {
  readonly #place: StorePlace;
  readonly #serverId: string;
  readonly #token: string;
  readonly #events: StoreEvents;
  readonly #stop = new AbortController();
  #store: ClusterStore | undefined;
  #running: Promise<void> = Promise.resolve();

  /** @param token of this process; no other has it */
  constructor(place: StorePlace, serverId: string, token: string, events: StoreEvents) {
    this.#place = place;
    this.#serverId = serverId;
    this.#token = token;
    this.#events = events;
  }

  /** The store, while there is a connection. */
  get store(): ClusterStore | undefined {
    return this.#store;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#store?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const pauses = new Pauses(FIRST_PAUSE, LONGEST_PAUSE);
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.#serve();
      } catch (error) {
        if (!this.#stop.signal.aborted)
          this.#events.lost(withoutPassword(reasonOf(error), this.#place.password));
      }
      if (performance.now() - began >= LASTED) pauses.reset();
      await rest(pauses.next(), signal);
    }
  }

  /** Looks at the store again and again, until the connection is over. */
  async #serve(): Promise<void> {
    const over = new AbortController();
    const store = await ClusterStore.open(this.#place, this.#serverId, this.#token, {
      told: (line) => {
        this.#events.told(line);
      },
      ended: () => {
        over.abort();
      },
    });
    this.#store = store;
    try {
      const either = AbortSignal.any([this.#stop.signal, over.signal]);
      while (!either.aborted) {
        await this.#events.look(store);
        await rest(BEAT, either);
      }
      throw new Error('the connection has ended');
    } finally {
      this.#store = undefined;
      store.close();
    }
  }
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined); // over, which whoever rests sees
}
