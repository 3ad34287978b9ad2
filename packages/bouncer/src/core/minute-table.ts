import { gateAt, minute, windowAround, type Minute } from '@bouncer-spa/protocol';
import { LocatorPairs } from './locator-pairs.js';
import { LocatorTable } from './locator-table.js';
import type { Policy } from './policy.js';

/** All heads of packets that are valid in one minute. */
export interface MinuteTable {
  readonly minute: Minute;
  readonly gate: number;
  readonly locators: LocatorTable;
}

/** The gate of a minute as the number that a packet begins with. */
export function gateNumber(policy: Policy, at: Minute): number {
  const gate = gateAt(policy.gate, at);
  return Buffer.from(gate.buffer, gate.byteOffset, gate.length).readUInt32BE();
}

/** The minutes of the window with their gates and locators. */
export class WindowTables {
  readonly #policy: Policy;
  readonly #pairs: LocatorPairs;
  #now: Minute | undefined;
  #window: readonly MinuteTable[] = [];
  /** That of the minute behind the window, which is in it soon. */
  #next: MinuteTable | undefined;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#pairs = new LocatorPairs(policy);
  }

  /** The tables of all minutes from `now - delta` to `now + delta`. */
  around(now: Minute): readonly MinuteTable[] {
    if (now !== this.#now) this.#move(now);
    return this.#window;
  }

  /**
   * Computes some of the locators that are or will be needed: those of this minute, of the rest of the
   * window, of the minute behind it.
   * @param most locators to compute
   * @returns whether any are left
   */
  prepare(now: Minute, most: number): boolean {
    const window = this.around(now);
    const current = window.filter((table) => table.minute === now);
    const due = [...current, ...window, ...(this.#next ? [this.#next] : [])];
    due.find(({ locators }) => !locators.isComplete)?.locators.extend(most);
    return due.some(({ locators }) => !locators.isComplete);
  }

  #move(now: Minute): void {
    const known = new Map(
      [...this.#window, ...(this.#next ? [this.#next] : [])].map((table) => [table.minute, table]),
    );
    const tableOf = (at: Minute) => known.get(at) ?? this.#begin(at);
    this.#window = windowAround(now, this.#policy.delta).map(tableOf);
    this.#next = tableOf(minute(now + this.#policy.delta + 1));
    this.#now = now;
  }

  #begin(at: Minute): MinuteTable {
    return { minute: at, gate: gateNumber(this.#policy, at), locators: new LocatorTable(this.#pairs, at) };
  }
}
