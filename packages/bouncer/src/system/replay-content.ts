import type { ReplayContent } from '../core/replay-cache.js';
import { GrantFingerprint } from './grant-fingerprint.js';
import { decodeGrant, type StoredGrant } from './grant-record.js';
import type { Database } from './replay-database.js';
import {
  decodeMinute,
  GRANT_KIND,
  grantKey,
  SUMMARY_KEY,
  SUMMARY_SIZE,
  TAG_KIND,
  TAG_OFFSET,
} from './replay-encoding.js';
import { Fingerprint } from './replay-fingerprint.js';

/** The store can be opened, but it is not what was written. */
export class DamageError extends Error {
  override readonly name = 'DamageError';
}

/** What a store knows when it is opened. */
export interface StoreContent extends ReplayContent {
  readonly grants: readonly StoredGrant[];
  /** Whether this is a new store in the place of one that was damaged. */
  readonly damaged: boolean;
}

export interface Content extends StoreContent {
  /** Number of records since the store was made. */
  readonly records: number;
  readonly fingerprint: Fingerprint;
  readonly grantFingerprint: GrantFingerprint;
}

/** @throws {DamageError} if the tags or grants are not those of the summary */
export async function readContent(database: Database): Promise<Content> {
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
