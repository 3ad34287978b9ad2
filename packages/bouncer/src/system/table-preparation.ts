import { minuteOf } from '@bouncer-spa/protocol';
import type { WindowTables } from '../core/minute-table.js';
import { giveWay, isSliceOver } from './slices.js';

/** Locators computed between two looks at the clock: less than 1 ms. */
const SLICE = 64;

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
  while (tables.prepare(minuteOf(Date.now()), SLICE)) if (isSliceOver()) await giveWay();
}
