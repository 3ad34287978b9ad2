import { gateAt, locatorAt, windowAround, type Minute } from '@bouncer-spa/protocol';
import type { Action, Client, Policy } from './policy.js';

/** Who could have sealed a packet with a certain locator. */
export interface LocatorEntry {
  readonly client: Client;
  readonly action: Action;
}

/** All heads of packets that are valid in one minute. */
export interface MinuteTable {
  readonly minute: Minute;
  readonly gate: number;
  /** Every client with every action, allowed or not (PROTOCOL.md section 7, check 3). */
  readonly locators: ReadonlyMap<bigint, LocatorEntry>;
}

/** The gate of a minute as the number that a packet begins with. */
export function gateNumber(policy: Policy, at: Minute): number {
  return bufferOf(gateAt(policy.gate, at)).readUInt32BE();
}

/** The minutes of the window with their gates and locators, computed when first asked for. */
export class WindowTables {
  readonly #policy: Policy;
  #tables: readonly MinuteTable[] = [];
  #now: Minute | undefined;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** The tables of all minutes from `now - delta` to `now + delta`. */
  around(now: Minute): readonly MinuteTable[] {
    if (now !== this.#now) {
      const known = new Map(this.#tables.map((table) => [table.minute, table]));
      this.#tables = windowAround(now, this.#policy.delta).map((at) => known.get(at) ?? this.#build(at));
      this.#now = now;
    }
    return this.#tables;
  }

  #build(at: Minute): MinuteTable {
    const locators = new Map<bigint, LocatorEntry>();
    for (const client of this.#policy.clients) {
      for (const action of this.#policy.actions) {
        const locator = bufferOf(locatorAt(client.keys, at, action.code)).readBigUInt64BE();
        locators.set(locator, { client, action });
      }
    }
    return { minute: at, gate: gateNumber(this.#policy, at), locators };
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
