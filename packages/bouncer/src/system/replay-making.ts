import { mkdir, rm, stat } from 'node:fs/promises';
import type { Minute } from '@bouncer-spa/protocol';
import { GrantFingerprint } from './grant-fingerprint.js';
import { ReplayCheck } from './replay-check.js';
import { DamageError, readContent } from './replay-content.js';
import { openDatabase } from './replay-database.js';
import { encodeSummary, SUMMARY_KEY } from './replay-encoding.js';
import { Fingerprint } from './replay-fingerprint.js';

/** Makes an empty store, in the place of whatever is there. */
export async function create(folder: string, floor: Minute): Promise<void> {
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

/**
 * @param check a process that waits to read a store
 * @throws {DamageError} if the store would end the process that reads it
 */
export async function surviveReading(folder: string, check = new ReplayCheck()): Promise<void> {
  const breakage = await check.breakageOf(folder);
  if (breakage !== undefined) throw new DamageError(`reading it ended with ${breakage}`);
}

/** Whether a store in the making was finished. */
export async function isComplete(folder: string): Promise<boolean> {
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

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
