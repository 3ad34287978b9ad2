import type { Network } from './network.js';

/** Milliseconds by which the kernel's end of an opening may differ from a grant's: what nft takes, and what a restart tolerates. */
const SLACK = 2_500;

/** As nft writes an address and its times, such as `10.0.0.1 timeout 10s expires 9s996ms`. */
const ELEMENT = /([\d.]+) timeout \S+ expires (?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?/g;

/** Whom the server's kernel lets in through the guard, looked at again and again. Nobody may be let in a second time. */
export class OpeningWatch {
  readonly #network: Network;
  /** When each that was ever seen ends at the latest: milliseconds, of `performance.now()`. */
  readonly #ends = new Map<string, number>();
  /** What may not be. */
  readonly faults: string[] = [];

  constructor(network: Network) {
    this.#network = network;
  }

  /** How many were seen. */
  get size(): number {
    return this.#ends.size;
  }

  /** Looks once. @returns how many are let in now */
  look(): number {
    const before = performance.now();
    const listing = this.#network.run(this.#network.server, ['nft', 'list', 'ruleset']);
    const after = performance.now();
    const open = [...listing.matchAll(ELEMENT)];
    for (const [, address = '', minutes = 0, seconds = 0, milliseconds = 0] of open) {
      const left = (Number(minutes) * 60 + Number(seconds)) * 1_000 + Number(milliseconds);
      const end = this.#ends.get(address);
      if (end === undefined) this.#ends.set(address, after + left);
      else if (before + left > end + SLACK)
        this.faults.push(`${address} ends ${Math.round(before + left - end)} ms later than at first`);
    }
    return open.length;
  }
}
