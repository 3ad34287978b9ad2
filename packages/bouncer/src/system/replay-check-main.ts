/**
 * Opens the replay store whose folder is named on standard input, reads it and sorts it anew, as the daemon
 * and LevelDB's own thread will. Says nothing: what can be told of an error, the daemon learns itself. Only
 * whether this process lives through it counts, since damage can lead LevelDB into an assertion (see
 * replay-check.ts). Without a folder, it does nothing.
 */
import { readFileSync } from 'node:fs';
import { openDatabase } from './replay-database.js';

const STANDARD_INPUT = 0;

async function read(folder: string): Promise<void> {
  if (folder === '') return;
  const database = await openDatabase(folder, { create: false });
  await database.keys().all();
  await database.compactRange(Buffer.alloc(0), Buffer.of(0xff));
  await database.close();
}

// An error is an answer; the daemon gets the same one.
read(readFileSync(STANDARD_INPUT, 'utf8')).catch(() => undefined);
