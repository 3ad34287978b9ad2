import { minute, type Minute } from '@bouncer-spa/protocol';
import { LocatorPairs } from './locator-pairs.js';
import { LocatorTable } from './locator-table.js';
import { gateNumber, type MinuteTable } from './minute-table.js';
import type { Policy } from './policy.js';

/** Minutes whose locators are kept: whoever brings junk with a good gate makes one be computed. */
const MOST_TABLES = 4;

/**
 * Looks for the minute of a packet in more of them than tables are kept for: the longer window of what a
 * carrier brings (PROTOCOL.md section 8), and all that a wrong clock could mean.
 */
export class MinuteSearch {
  /** Minutes back that are looked at. */
  readonly back: number;
  /** Minutes ahead that are looked at. */
  readonly ahead: number;
  readonly #policy: Policy;
  readonly #pairs: LocatorPairs;
  readonly #gates = new Map<Minute, number>();
  #computed = 0;
  /** The latest used is the last. */
  readonly #tables = new Map<Minute, MinuteTable>();

  constructor(policy: Policy, back: number, ahead: number) {
    this.#policy = policy;
    this.#pairs = new LocatorPairs(policy);
    this.back = back;
    this.ahead = ahead;
  }

  /** Gates computed since the start: each takes some 10 µs, and a jump in time takes all of them anew. */
  get computed(): number {
    return this.#computed;
  }

  /** The tables of those minutes from `now - back` to `now + ahead` that have the gate. */
  withGate(gate: number, now: Minute): readonly MinuteTable[] {
    const first = Math.max(0, now - this.back);
    const last = now + this.ahead;
    for (const known of this.#gates.keys()) if (known < first || known > last) this.#gates.delete(known);
    const tables: MinuteTable[] = [];
    for (let at = minute(first); at <= last; at = minute(at + 1)) {
      if (this.#gateAt(at) === gate) tables.push(this.#tableOf(at, gate));
    }
    return tables;
  }

  #gateAt(at: Minute): number {
    const known = this.#gates.get(at);
    if (known !== undefined) return known;
    const gate = gateNumber(this.#policy, at);
    this.#gates.set(at, gate);
    this.#computed++;
    return gate;
  }

  #tableOf(at: Minute, gate: number): MinuteTable {
    const table = this.#tables.get(at) ?? { minute: at, gate, locators: new LocatorTable(this.#pairs, at) };
    this.#tables.delete(at);
    this.#tables.set(at, table);
    for (const oldest of this.#tables.keys()) {
      if (this.#tables.size <= MOST_TABLES) break;
      this.#tables.delete(oldest);
    }
    return table;
  }
}

/** For what a carrier brings: as old as `age` in minutes, but no less than a datagram may be. */
export function carrierSearch(policy: Policy, age: number): MinuteSearch {
  return new MinuteSearch(policy, Math.max(age, policy.delta), policy.delta);
}
