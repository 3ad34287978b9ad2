import { networkInterfaces } from 'node:os';
import { parseAddress, sameAddress } from '../core/address.js';

/** An unknown address asks the system again at most this often, in milliseconds. */
const REFRESH_MILLISECONDS = 1_000;

/**
 * The addresses of this host. libpcap's promiscuous mode shows what is meant for others too. A
 * packet to an address that is not known yet asks the system again, so that a new address counts
 * from its first packet on.
 */
export class LocalAddresses {
  readonly #ask: () => readonly Uint8Array[];
  #known = new Set<string>();
  #refreshed = -Infinity;
  /** Of those known, the one that was looked for last. */
  #latest: Uint8Array | undefined;

  /** @param ask tells the addresses that the host has now, 16 bytes each */
  constructor(ask: () => readonly Uint8Array[] = localAddresses) {
    this.#ask = ask;
  }

  /** @param monotonic milliseconds of a clock that never steps */
  has(address: Uint8Array, monotonic: number): boolean {
    // Nearly all packets are for the same address, and a flood is to cost little.
    if (this.#latest !== undefined && sameAddress(this.#latest, address)) return true;
    const key = keyOf(address);
    if (!this.#known.has(key) && monotonic - this.#refreshed >= REFRESH_MILLISECONDS) {
      this.#refreshed = monotonic;
      this.#known = new Set(this.#ask().map(keyOf));
      this.#latest = undefined;
    }
    const isKnown = this.#known.has(key);
    if (isKnown) this.#latest = Uint8Array.from(address);
    return isKnown;
  }
}

function localAddresses(): Uint8Array[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => parseAddress(address))
    .filter((bytes) => bytes !== undefined);
}

function keyOf(address: Uint8Array): string {
  return Buffer.from(address).toString('latin1');
}
