import { setImmediate as nextTurn } from 'node:timers/promises';
import { minuteOf } from '@bouncer-spa/protocol';
import type { WindowTables } from '../core/minute-table.js';

/** Locators computed before others have their turn: 1 ms, and 2 ms when keys are derived too. */
const SLICE = 256;

/** Has the tables ready for now and the next minute, a little at a time. Settles when nothing is left to do. */
export async function prepareTables(tables: WindowTables): Promise<void> {
  while (tables.prepare(minuteOf(Date.now()), SLICE)) await nextTurn();
}
