import { networkContains, parseNetwork, type Network } from '../core/network.js';
import { LocalAddresses } from './local-addresses.js';

/** Whom packets may be meant for: this host, or the networks given. */
export class Destinations {
  readonly #networks: readonly Network[] | undefined;
  readonly #local = new LocalAddresses();

  /** @throws {Error} if a text is no network */
  constructor(networks: readonly string[] | undefined) {
    this.#networks = networks?.map((text) => {
      const network = parseNetwork(text);
      if (typeof network === 'string') throw new Error(network);
      return network;
    });
  }

  /** @param monotonic milliseconds of a clock that never steps */
  has(address: Uint8Array, monotonic: number): boolean {
    return this.#networks === undefined
      ? this.#local.has(address, monotonic)
      : this.#networks.some((network) => networkContains(network, address));
  }
}
