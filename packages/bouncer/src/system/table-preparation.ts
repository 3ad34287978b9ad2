import { setImmediate as nextTurn } from 'node:timers/promises';
import { minuteOf } from '@bouncer-spa/protocol';
import type { WindowTables } from '../core/minute-table.js';

/** Locators computed between two looks at the clock: less than 1 ms. */
const SLICE = 64;

/**
 * Milliseconds for which locators are computed before others have their turn. A time and not a number,
 * since a turn in which packets are acted on is long, and tables must come to an end all the same.
 */
const TURN_MILLISECONDS = 4;

/** What is being prepared. */
const ongoing = new WeakMap<WindowTables, Promise<void>>();

/** Has the tables ready for now and the next minute, a little at a time. Settles when nothing is left to do. */
export function prepareTables(tables: WindowTables): Promise<void> {
  const preparation =
    ongoing.get(tables) ??
    prepare(tables).finally(() => {
      ongoing.delete(tables);
    });
  ongoing.set(tables, preparation);
  return preparation;
}

async function prepare(tables: WindowTables): Promise<void> {
  for (;;) {
    const end = performance.now() + TURN_MILLISECONDS;
    do {
      if (!tables.prepare(minuteOf(Date.now()), SLICE)) return;
    } while (performance.now() < end);
    await nextTurn();
  }
}
