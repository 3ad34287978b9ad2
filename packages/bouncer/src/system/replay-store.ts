import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { minute, ProtocolError, type Minute } from '@bouncer-spa/protocol';
import type { Grant } from '../core/grants.js';
import type { ReplayContent, ReplayRecord } from '../core/replay-cache.js';
import { GrantFingerprint } from './grant-fingerprint.js';
import { decodeGrant, encodeGrant, type StoredGrant } from './grant-record.js';
import { prepareFolder } from './private-folder.js';
import { reasonOf } from './reason.js';
import { breakageOf } from './replay-check.js';
import { openDatabase, type Database } from './replay-database.js';
import { Fingerprint } from './replay-fingerprint.js';
import { Witness } from './replay-witness.js';

/** The state on disk cannot be read or written. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** The store can be opened, but it is not what was written. */
class DamageError extends Error {
  override readonly name = 'DamageError';
}

/**
 * Key of floor, number of records so far (8 bytes each) and the fingerprints of tags and grants (32 each),
 * there from the making on.
 */
const SUMMARY_KEY = Buffer.of(0);
const SUMMARY_SIZE = 80;

/** A tag's key: this byte, its minute (8 bytes) and the 32 bytes of the tag. */
const TAG_KIND = 1;
const TAG_OFFSET = 9;

/** A grant's key: this byte and its id. */
const GRANT_KIND = 2;

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

/** What a store knows when it is opened. */
export interface StoreContent extends ReplayContent {
  readonly grants: readonly StoredGrant[];
  /** Whether this is a new store in the place of one that was damaged. */
  readonly damaged: boolean;
}

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
   * @throws {StoreError} if the folder cannot be used or trusted, or another process holds the store
   */
  static async open(
    stateFolder: string,
    unreachable: Minute,
    onDamage: (aside: string, reason: string) => void,
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
        await surviveReading(folder);
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

async function create(folder: string, floor: Minute): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const database = await openDatabase(folder, { create: true });
  try {
    const prints = [new Fingerprint().from(floor), new GrantFingerprint().sum];
    await database.put(SUMMARY_KEY, encodeSummary(floor, 0, prints), { sync: true });
  } finally {
    await database.close();
  }
}

/** @throws {DamageError} if the store would end the process that reads it */
async function surviveReading(folder: string): Promise<void> {
  const breakage = await breakageOf(folder);
  if (breakage !== undefined) throw new DamageError(`reading it ended with ${breakage}`);
}

/** Whether a store in the making was finished. */
async function isComplete(folder: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  try {
    await surviveReading(folder);
    const database = await openDatabase(folder, { create: false });
    try {
      await readContent(database);
      return true;
    } finally {
      await database.close();
    }
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

interface Content extends StoreContent {
  /** Number of records since the store was made. */
  readonly records: number;
  readonly fingerprint: Fingerprint;
  readonly grantFingerprint: GrantFingerprint;
}

/** @throws {DamageError} if the tags or grants are not those of the summary */
async function readContent(database: Database): Promise<Content> {
  const summary = await database.get(SUMMARY_KEY);
  if (summary?.length !== SUMMARY_SIZE) throw new DamageError('its summary is missing');
  const floor = decodeMinute(summary);
  const records = Number(summary.readBigUInt64BE(8));
  // Everything is read, though what is below the floor does not count: damage there ends later writes.
  const all = await database.keys().all();
  const keys = all.filter((key) => key[0] === TAG_KIND && decodeMinute(key.subarray(1)) >= floor);
  const tags = keys.map((key) => ({
    minute: decodeMinute(key.subarray(1)),
    tag: key.subarray(TAG_OFFSET),
  }));
  const fingerprint = keys.reduce(
    (sum, key) => sum.with(decodeMinute(key.subarray(1)), key),
    new Fingerprint(),
  );
  if (!fingerprint.from(floor).equals(summary.subarray(16, 48)))
    throw new DamageError('its tags were changed');
  const { grants, grantFingerprint } = await readGrants(database);
  if (!grantFingerprint.sum.equals(summary.subarray(48))) throw new DamageError('its grants were changed');
  return { floor, tags, records, fingerprint, grants, grantFingerprint, damaged: false };
}

async function readGrants(database: Database): Promise<Pick<Content, 'grants' | 'grantFingerprint'>> {
  const grants: StoredGrant[] = [];
  const grantFingerprint = new GrantFingerprint();
  for await (const [key, value] of database.iterator({ gte: grantKey(''), lt: Buffer.of(GRANT_KIND + 1) })) {
    const id = key.toString('latin1', 1);
    const line = value.toString('utf8');
    const stored = decodeGrant(line);
    if (stored?.grant.id !== id) throw new DamageError(`its grant ${id} was changed`);
    grants.push(stored);
    grantFingerprint.put(id, line);
  }
  return { grants, grantFingerprint };
}

function tagKey(at: Minute, tag: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.of(TAG_KIND), encodeNumber(at), tag]);
}

function grantKey(id: string): Buffer {
  return Buffer.concat([Buffer.of(GRANT_KIND), Buffer.from(id, 'latin1')]);
}

function encodeSummary(floor: Minute, records: number, fingerprints: readonly Buffer[]): Buffer {
  return Buffer.concat([encodeNumber(floor), encodeNumber(records), ...fingerprints]);
}

function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** The minute in the first 8 bytes. */
function decodeMinute(bytes: Buffer): Minute {
  return minute(Number(bytes.readBigUInt64BE()));
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
