import type { Grant } from '../core/grants.js';
import type { ReplayRecord } from '../core/replay-cache.js';
import type { GrantEvents } from './grant-events.js';
import type { LeaseFolder } from './lease-folder.js';
import { reasonOf } from './reason.js';
import type { GrantChanges, ReplayStore } from './replay-store.js';
import { Turns } from './turns.js';

/** Milliseconds for which grants that the kernel has ended may wait to be removed together. */
const SOON = 1_000;

/** Milliseconds until a change that could not be written is tried again. */
const AGAIN = 10_000;

/** Writes what becomes of grants into the store, and sees to it that changes come one after the other. */
export class GrantJournal {
  readonly #store: Pick<ReplayStore, 'record' | 'change'>;
  readonly #folder: LeaseFolder;
  readonly #events: Pick<GrantEvents, 'notRecorded'>;
  /** Ids that are to be removed with the next write. */
  readonly #over = new Set<string>();
  readonly #turns = new Turns();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    store: Pick<ReplayStore, 'record' | 'change'>,
    folder: LeaseFolder,
    events: Pick<GrantEvents, 'notRecorded'>,
  ) {
    this.#store = store;
    this.#folder = folder;
    this.#events = events;
  }

  /** Does something after all that was asked for before. */
  inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return this.#turns.take(work);
  }

  /**
   * Records an acceptance with the grant that it begins.
   * @throws {StoreError} if it may not be on disk
   */
  async begin(record: ReplayRecord, grant: Grant): Promise<void> {
    try {
      await this.#record(record, grant);
    } catch (error) {
      // It may be on disk all the same.
      this.#removeSoon(grant.id, AGAIN);
      throw error;
    }
  }

  /**
   * Records an acceptance with the grant that it extends.
   * @throws {StoreError} if it may not be on disk
   */
  async extend(record: ReplayRecord, grant: Grant): Promise<void> {
    await this.#record(record, grant);
    if (grant.means.kind !== 'lease') return;
    try {
      this.#folder.noteExtension(grant);
    } catch (error) {
      // It matters only if the store is damaged, and the lease ends earlier then.
      this.#events.notRecorded(reasonOf(error));
    }
  }

  /** Writes changes; what cannot be written is reported. */
  async write(changes: GrantChanges): Promise<void> {
    const { put = [], remove = [] } = changes;
    for (const id of remove) this.#over.add(id);
    if (put.length === 0 && this.#over.size === 0) return;
    const removed = [...this.#over];
    try {
      await this.#store.change({ put, remove: removed });
      this.#forgetAll(removed);
    } catch (error) {
      this.#events.notRecorded(reasonOf(error));
      this.#setTimer(AGAIN);
    }
  }

  /** Removes a grant that is closed: at once where that says that its `stop` has succeeded. */
  forget({ id, means }: Grant): void {
    this.#removeSoon(id, means.kind === 'lease' ? 0 : SOON);
  }

  /** Writes what is left to be written. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.inTurn(() => this.write({}));
    clearTimeout(this.#timer);
  }

  async #record(record: ReplayRecord, grant: Grant): Promise<void> {
    const remove = [...this.#over];
    await this.#store.record(record, { put: [grant], remove });
    this.#forgetAll(remove);
  }

  #removeSoon(id: string, milliseconds: number): void {
    this.#over.add(id);
    this.#setTimer(milliseconds);
  }

  #setTimer(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.inTurn(() => this.write({}));
    }, milliseconds);
  }

  #forgetAll(ids: readonly string[]): void {
    for (const id of ids) {
      this.#over.delete(id);
      this.#folder.remove(id);
    }
  }
}
