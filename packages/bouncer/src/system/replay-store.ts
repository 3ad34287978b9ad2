import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { minute, ProtocolError, type Minute } from '@bouncer-spa/protocol';
import type { Grant } from '../core/grants.js';
import type { ReplayRecord } from '../core/replay-cache.js';
import type { GrantFingerprint } from './grant-fingerprint.js';
import { encodeGrant } from './grant-record.js';
import { prepareFolder } from './private-folder.js';
import { reasonOf } from './reason.js';
import type { ReplayCheck } from './replay-check.js';
import { DamageError, readContent, type Content, type StoreContent } from './replay-content.js';
import { openDatabase, type Database } from './replay-database.js';
import { encodeSummary, grantKey, SUMMARY_KEY, tagKey } from './replay-encoding.js';
import type { Fingerprint } from './replay-fingerprint.js';
import { create, exists, isComplete, surviveReading } from './replay-making.js';
import { Witness } from './replay-witness.js';

/** The state on disk cannot be read or written. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** What one write changes in the grants. */
export interface GrantChanges {
  readonly put?: readonly Grant[];
  /** Ids of those that are over. */
  readonly remove?: readonly string[];
}

/** Something that is to be written. */
interface Entry {
  readonly record: ReplayRecord | undefined;
  readonly changes: GrantChanges;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

type Batch = ReturnType<Database['batch']>;

/**
 * The replay cache and the live grants on stable storage: a LevelDB, which is crash-safe and one process's at a time.
 *
 * LevelDB takes damage in its log for the end of it, and leaves out what follows. So a witness, a file
 * of its own, says how many records there were at least: fewer are damage. It does not check the sums
 * of what it has sorted into tables, either; hence the fingerprints of all tags and grants, and the check by another
 * process before a store is opened.
 */
export class ReplayStore {
  readonly #folder: string;
  #database: Database;
  readonly #witness: Witness;
  #floor: Minute;
  #records: number;
  #fingerprint: Fingerprint;
  #grants: GrantFingerprint;
  #failed = false;
  readonly #waiting: Entry[] = [];
  /** One write after the other, so that none puts back the floor of an older one. */
  #queue: Promise<void> = Promise.resolve();

  private constructor(
    folder: string,
    database: Database,
    witness: Witness,
    { floor, records, fingerprint, grantFingerprint }: Content,
  ) {
    this.#folder = folder;
    this.#database = database;
    this.#witness = witness;
    this.#floor = floor;
    this.#records = records;
    this.#fingerprint = fingerprint;
    this.#grants = grantFingerprint;
  }

  /**
   * Opens or creates the store and reads it whole.
   *
   * A store that is damaged is put aside, and the new one starts with a floor behind the window of
   * now: nothing that the lost one knew can be accepted again, and the owner gets in as soon as that
   * window has passed.
   * @param unreachable a minute later than that of any packet accepted up to now
   * @param onDamage told where the damaged store was put, and what is wrong with it
   * @param check a process that waits to check the store; without one, another is started
   * @throws {StoreError} if the folder cannot be used or trusted, or another process holds the store
   */
  static async open(
    stateFolder: string,
    unreachable: Minute,
    onDamage: (aside: string, reason: string) => void,
    check?: ReplayCheck,
  ): Promise<{ store: ReplayStore; content: StoreContent }> {
    const folder = join(stateFolder, 'replay');
    const fresh = join(stateFolder, 'replay.new');
    try {
      await prepareFolder(stateFolder);
      // A store is made elsewhere and moved here when it is complete, so that a crash leaves no half.
      if (!(await exists(folder))) {
        if (!(await isComplete(fresh))) await create(fresh, minute(0));
        await rename(fresh, folder);
      }
      try {
        await surviveReading(folder, check);
        return await ReplayStore.#openComplete(folder);
      } catch (error) {
        if (!isDamage(error)) throw error;
        await create(fresh, unreachable);
        const aside = `${folder}.damaged-${unreachable}-${process.pid}`;
        await rename(folder, aside);
        await rename(fresh, folder);
        onDamage(aside, reasonOf(error));
        const { store, content } = await ReplayStore.#openComplete(folder);
        return { store, content: { ...content, damaged: true } };
      }
    } catch (cause) {
      throw new StoreError(`${folder}: ${openReason(cause)}`, { cause });
    }
  }

  static async #openComplete(folder: string): Promise<{ store: ReplayStore; content: StoreContent }> {
    const database = await openDatabase(folder, { create: false });
    try {
      const content = await readContent(database);
      const witness = new Witness(folder);
      if (witness.records > content.records) {
        witness.close();
        throw new DamageError(`of ${witness.records} records, ${content.records} are left`);
      }
      return { store: new ReplayStore(folder, database, witness, content), content };
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /**
   * Makes an acceptance durable, with what it grants, in one step. When this settles, the record is on disk.
   * @throws {StoreError} if it may not be. The next call opens the store anew.
   */
  record(record: ReplayRecord, changes: GrantChanges = {}): Promise<void> {
    return this.#enqueue(record, changes);
  }

  /**
   * Makes a change of grants durable. When this settles, it is on disk.
   * @throws {StoreError} if it may not be. The next call opens the store anew.
   */
  change(changes: GrantChanges): Promise<void> {
    return this.#enqueue(undefined, changes);
  }

  /** What is asked for while something is written goes into one write after it: a sync is what costs. */
  #enqueue(record: ReplayRecord | undefined, changes: GrantChanges): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, changes, resolve, reject });
      if (this.#waiting.length === 1) this.#queue = this.#queue.then(() => this.#writeWaiting());
    });
  }

  async #writeWaiting(): Promise<void> {
    const waiting = this.#waiting.splice(0);
    try {
      await this.#write(waiting);
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#database.close();
    this.#witness.close();
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    const floors = entries.map(({ record }) => record?.floor ?? 0);
    const risen = minute(Math.max(this.#floor, ...floors));
    try {
      if (this.#failed) await this.#reopen();
      const batch = this.#database.batch();
      let fingerprint = this.#fingerprint;
      for (const { record, changes } of entries) {
        if (record !== undefined) {
          const key = tagKey(record.minute, record.tag);
          batch.put(key, Buffer.alloc(0));
          fingerprint = fingerprint.with(record.minute, key);
        }
        this.#changeGrants(batch, changes);
      }
      const records = this.#records + entries.length;
      const prints = [fingerprint.from(risen), this.#grants.sum];
      batch.put(SUMMARY_KEY, encodeSummary(risen, records, prints));
      await batch.write({ sync: true });
      this.#fingerprint = fingerprint;
      this.#records = records;
      this.#witness.write(records);
    } catch (cause) {
      this.#failed = true;
      throw new StoreError(`${this.#folder}: ${reasonOf(cause)}`, { cause });
    }
    if (risen === this.#floor) return;
    this.#floor = risen;
    this.#fingerprint.forget(risen);
    // Only saves space, and nothing waits for it: what is below the floor is refused anyway.
    this.#database.clear({ gte: tagKey(minute(0)), lt: tagKey(risen) }).catch(() => undefined);
  }

  #changeGrants(batch: Batch, { put = [], remove = [] }: GrantChanges): void {
    for (const grant of put) {
      const line = encodeGrant(grant);
      batch.put(grantKey(grant.id), Buffer.from(line));
      this.#grants.put(grant.id, line);
    }
    for (const id of remove) {
      batch.del(grantKey(id));
      this.#grants.remove(id);
    }
  }

  /** LevelDB refuses every write after a failed one until it is opened again. */
  async #reopen(): Promise<void> {
    await this.#database.close();
    this.#database = await openDatabase(this.#folder, { create: false });
    const { records, fingerprint, grantFingerprint } = await readContent(this.#database);
    this.#records = records;
    this.#fingerprint = fingerprint;
    this.#grants = grantFingerprint;
    this.#failed = false;
  }
}

/** The code of LevelDB's own error, which abstract-level wraps. */
function levelCode(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** Damage is what is missing or wrong in the store itself; a full disk or a lack of rights is not. */
function isDamage(error: unknown): boolean {
  return (
    error instanceof DamageError ||
    error instanceof RangeError ||
    error instanceof ProtocolError ||
    /Corruption|does not exist|No such file|missing file|Invalid argument/i.test(reasonOf(error))
  );
}

function openReason(error: unknown): string {
  return levelCode(error) === 'LEVEL_LOCKED' ? 'another bouncer is using it' : reasonOf(error);
}
