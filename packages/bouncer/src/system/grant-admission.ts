import { randomBytes } from 'node:crypto';
import { extended, type Grant, type GrantTable, type Means, type Purpose } from '../core/grants.js';
import { later, type Moment } from '../core/moment.js';
import type { ReplayRecord } from '../core/replay-cache.js';
import { momentNow } from './clock.js';
import type { GrantJournal } from './grant-journal.js';

const ID_BYTES = 4;

/** What an accepted packet asks for. */
export interface GrantRequest {
  readonly purpose: Purpose;
  readonly means: Means;
  readonly seconds: number;
  /** Most grants that the client may have at once. */
  readonly most: number;
}

/** What came of it. */
export interface Admission {
  readonly grant: Grant;
  /** Whether it was there already, and was extended. */
  readonly extended: boolean;
  /** One for the same purpose that is over, and still being closed. */
  readonly former: Grant | undefined;
}

/** Who keeps the grants that are admitted. */
export interface Admitting {
  isOver(grant: Grant, now: Moment): boolean;
  /** Takes a new grant, before it is on disk. */
  add(grant: Grant): void;
  /** Is told that it is on disk. */
  recorded(): void;
  /** Forgets one that may not be on disk. */
  withdraw(grant: Grant): void;
}

/** Turns accepted packets into grants: on disk first, those that arrive together with one write. */
export class GrantAdmission {
  readonly #table: GrantTable;
  readonly #journal: GrantJournal;
  readonly #keeper: Admitting;
  /** Accepted packets that are recorded with the next write. */
  readonly #arrivals: (() => Promise<void>)[] = [];

  constructor(table: GrantTable, journal: GrantJournal, keeper: Admitting) {
    this.#table = table;
    this.#journal = journal;
    this.#keeper = keeper;
  }

  /**
   * Records an accepted packet and what it grants, in one step. Nothing is opened or run yet.
   * @returns `undefined` if the client has as many grants as it may, and then nothing is recorded
   * @throws {StoreError} if it may not be on disk
   */
  admit(request: GrantRequest, record: ReplayRecord): Promise<Admission | undefined> {
    return new Promise((resolve, reject) => {
      this.#arrivals.push(() => this.#admit(request, record).then(resolve, reject));
      if (this.#arrivals.length > 1) return;
      // Those that come meanwhile are written together.
      void this.#journal.inTurn(() => Promise.all(this.#arrivals.splice(0).map((arrival) => arrival())));
    });
  }

  /** In the table before it is on disk, so that another packet for the same in the same write finds it. */
  async #admit(request: GrantRequest, record: ReplayRecord): Promise<Admission | undefined> {
    const { purpose, means, seconds } = request;
    const now = momentNow();
    const former = this.#table.find(purpose, means);
    if (former !== undefined && !this.#keeper.isOver(former, now)) {
      const grant = extended(former, now, seconds);
      this.#table.put(grant);
      try {
        await this.#journal.extend(record, grant);
      } catch (error) {
        if (this.#table.get(grant.id) === grant) this.#table.put(former);
        throw error;
      }
      return { grant, extended: true, former: undefined };
    }
    if (this.#hasMost(request, now)) return undefined;
    const grant = { ...purpose, id: this.#newId(), means, began: now, end: later(now, seconds * 1_000) };
    this.#keeper.add(grant);
    try {
      await this.#journal.begin(record, grant);
    } catch (error) {
      this.#keeper.withdraw(grant);
      throw error;
    }
    this.#keeper.recorded();
    return { grant, extended: false, former };
  }

  /** Only a client that is at its limit has its own grants looked at: some of them may be over. */
  #hasMost({ purpose: { client }, most }: GrantRequest, now: Moment): boolean {
    if (this.#table.countOf(client) < most) return false;
    return this.#table.ofClient(client).filter((grant) => !this.#keeper.isOver(grant, now)).length >= most;
  }

  #newId(): string {
    for (;;) {
      const id = randomBytes(ID_BYTES).toString('hex');
      if (!this.#table.has(id)) return id;
    }
  }
}
