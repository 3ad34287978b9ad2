/**
 * Opens a replay store, reads it and sorts it anew, as the daemon and LevelDB's own thread will. Says
 * nothing: what can be told of an error, the daemon learns itself. Only whether this process lives
 * through it counts, since damage can lead LevelDB into an assertion (see replay-check.ts).
 *
 *   node replay-check-main.js FOLDER
 */
import { openDatabase } from './replay-database.js';

const [, , folder = ''] = process.argv;

try {
  const database = await openDatabase(folder, { create: false });
  await database.keys().all();
  await database.compactRange(Buffer.alloc(0), Buffer.of(0xff));
  await database.close();
} catch {
  // An error is an answer; the daemon gets the same one.
}
