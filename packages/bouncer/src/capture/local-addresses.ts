import { networkInterfaces } from 'node:os';
import { parseAddress } from '../core/address.js';

/** An unknown address asks the system again at most this often, in milliseconds. */
const REFRESH_MILLISECONDS = 1_000;

/**
 * The addresses of this host. libpcap's promiscuous mode shows what is meant for others too. A
 * packet to an address that is not known yet asks the system again, so that a new address counts
 * from its first packet on.
 */
export class LocalAddresses {
  #known = new Set<string>();
  #refreshed = -Infinity;

  /** @param monotonic milliseconds of a clock that never steps */
  has(address: Uint8Array, monotonic: number): boolean {
    const key = keyOf(address);
    if (!this.#known.has(key) && monotonic - this.#refreshed >= REFRESH_MILLISECONDS) {
      this.#refreshed = monotonic;
      this.#known = localAddresses();
    }
    return this.#known.has(key);
  }
}

function localAddresses(): Set<string> {
  const addresses = new Set<string>();
  for (const entries of Object.values(networkInterfaces())) {
    for (const { address } of entries ?? []) {
      const bytes = parseAddress(address);
      if (bytes !== undefined) addresses.add(keyOf(bytes));
    }
  }
  return addresses;
}

function keyOf(address: Uint8Array): string {
  return Buffer.from(address).toString('latin1');
}
