import { GATE_SIZE, locatorText, type Minute } from '@bouncer-spa/protocol';
import type { LocatorEntry, LocatorPairs } from './locator-pairs.js';
import { unforkedMemory } from './unforked-memory.js';

/** A locator is kept as two numbers of 32 bits. */
const WORDS = 2;

/**
 * Finds the pair of client and action that a locator belongs to, in one minute. A hash table with open
 * addressing in arrays of numbers: 16 bytes a pair where a Map has some 200. Locators are random, so
 * their last bits are the hash; nobody can choose one without a seed.
 */
export class LocatorTable {
  readonly #pairs: LocatorPairs;
  readonly #minute: Minute;
  /** The locator of each pair. */
  #words = new Uint32Array(0);
  /** Numbers of pairs, plus 1: an empty slot has 0. */
  #slots = new Uint32Array(0);
  #done = 0;

  constructor(pairs: LocatorPairs, at: Minute) {
    this.#pairs = pairs;
    this.#minute = at;
  }

  /** Whether all locators are computed. */
  get isComplete(): boolean {
    return this.#done === this.#pairs.size;
  }

  /** Computes the locators of the next so many pairs. */
  extend(most: number): void {
    if (this.#slots.length === 0) this.#allocate();
    const end = Math.min(this.#done + most, this.#pairs.size);
    while (this.#done < end) this.#add(this.#done++);
  }

  /**
   * Who could have sealed a packet. What is not computed yet is computed now: better late than deaf.
   * @param head gate and locator, as a packet begins
   */
  find(head: Buffer): LocatorEntry | undefined {
    if (!this.isComplete) this.extend(this.#pairs.size);
    if (this.#pairs.size === 0) return undefined;
    const high = head.readUInt32BE(GATE_SIZE);
    const low = head.readUInt32BE(GATE_SIZE + 4);
    const mask = this.#slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const pair = (this.#slots[slot] ?? 0) - 1;
      if (pair < 0) return undefined;
      if (this.#words[WORDS * pair] === high && this.#words[WORDS * pair + 1] === low) {
        return this.#pairs.entry(pair);
      }
    }
  }

  /** Twice as many slots as pairs at least, so that the search for one that is empty is short. */
  #allocate(): void {
    const { size } = this.#pairs;
    const slots = 2 ** Math.ceil(Math.log2(2 * size + 1));
    this.#words = new Uint32Array(unforkedMemory(Uint32Array.BYTES_PER_ELEMENT * WORDS * size));
    this.#slots = new Uint32Array(unforkedMemory(Uint32Array.BYTES_PER_ELEMENT * slots));
  }

  #add(pair: number): void {
    const locator = locatorText(this.#pairs.key(pair), this.#minute, this.#pairs.code(pair));
    const low = wordOf(locator, 4);
    this.#words[WORDS * pair] = wordOf(locator, 0);
    this.#words[WORDS * pair + 1] = low;
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = pair + 1;
  }
}

function wordOf(bytes: string, at: number): number {
  const byte = (index: number) => bytes.charCodeAt(at + index);
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}
