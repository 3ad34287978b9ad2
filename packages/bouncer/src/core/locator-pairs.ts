import { actionCode, type ActionCode } from '@bouncer-spa/protocol';
import type { Action, Client, Policy } from './policy.js';
import { unforkedMemory } from './unforked-memory.js';

/** Who could have sealed a packet with a certain locator. */
export interface LocatorEntry {
  readonly client: Client;
  readonly action: Action;
}

/**
 * Up to so many pairs of client and action all have a locator, so that what a client may not do can be
 * told from a stranger. They cost 0.05 % of a core. Beyond that, only what is allowed has one.
 */
const MOST_WITH_FORBIDDEN = 10_000;

/** Size in bytes of K_locator. */
export const KEY_SIZE = 64;

/** The pairs of client and action whose locators a server knows: what the tables of all minutes share. */
export class LocatorPairs {
  readonly #policy: Policy;
  /** Index of the client, and of the action, of each pair. The pairs of a client stand together. */
  readonly #clients: Uint32Array;
  readonly #actions: Uint32Array;
  /** Code of the action of each pair. */
  readonly #codes: Uint16Array;
  /** K_locator of each client up to the one that was asked for last. */
  readonly #keys: Uint8Array;
  #derived = 0;

  constructor(policy: Policy) {
    this.#policy = policy;
    const everyAction = policy.actions.map((_, index) => index);
    const withForbidden = policy.clients.length * policy.actions.length <= MOST_WITH_FORBIDDEN;
    const known = withForbidden ? () => everyAction : indicesOf(policy.actions);
    const size = policy.clients.reduce((sum, { actions }) => sum + known(actions).length, 0);
    this.#clients = new Uint32Array(unforkedMemory(Uint32Array.BYTES_PER_ELEMENT * size));
    this.#actions = new Uint32Array(unforkedMemory(Uint32Array.BYTES_PER_ELEMENT * size));
    this.#codes = new Uint16Array(unforkedMemory(Uint16Array.BYTES_PER_ELEMENT * size));
    let pair = 0;
    let client = 0;
    for (const { actions } of policy.clients) {
      for (const action of known(actions)) {
        this.#clients[pair] = client;
        this.#actions[pair] = action;
        this.#codes[pair++] = policy.actions[action]?.code ?? 0;
      }
      client++;
    }
    this.#keys = new Uint8Array(unforkedMemory(KEY_SIZE * policy.clients.length));
    if (size === 0) policy.keysAhead?.release();
  }

  /** Number of pairs. */
  get size(): number {
    return this.#clients.length;
  }

  /** @param pair less than the size */
  entry(pair: number): LocatorEntry | undefined {
    const client = this.#policy.clients[this.#clients[pair] ?? Infinity];
    const action = this.#policy.actions[this.#actions[pair] ?? Infinity];
    return client && action && { client, action };
  }

  code(pair: number): ActionCode {
    return actionCode(this.#codes[pair] ?? 0);
  }

  /** K_locator of the pair's client, derived when it is first asked for. */
  key(pair: number): Uint8Array {
    const client = this.#clients[pair] ?? 0;
    if (this.#derived <= client) this.#derive(client);
    return this.#keys.subarray(KEY_SIZE * client, KEY_SIZE * (client + 1));
  }

  /** Has K_locator of all clients up to one. */
  #derive(last: number): void {
    const { clients, keysAhead } = this.#policy;
    this.#derived = keysAhead?.take(this.#keys, this.#derived) ?? this.#derived;
    while (this.#derived <= last) {
      const { keys } = clients[this.#derived] ?? {};
      if (keys !== undefined) this.#keys.set(keys.locator, KEY_SIZE * this.#derived);
      this.#derived++;
    }
    // The last clients may have no pair.
    if (this.#derived > (this.#clients.at(-1) ?? 0)) keysAhead?.release();
  }
}

/** Finds the indices of the actions of a client. Clients with the same actions share them, and so the indices. */
function indicesOf(actions: readonly Action[]): (names: ReadonlySet<string>) => readonly number[] {
  const known = new Map<ReadonlySet<string>, readonly number[]>();
  let latest: { names: ReadonlySet<string>; indices: readonly number[] } | undefined;
  return (names) => {
    if (latest?.names === names) return latest.indices;
    const indices =
      known.get(names) ?? actions.flatMap(({ name }, index) => (names.has(name) ? [index] : []));
    known.set(names, indices);
    latest = { names, indices };
    return indices;
  };
}
