import type { PortRange } from './port-range.js';
import type { SetName } from './set-name.js';

/** What an address is let in by. */
export type Door =
  /** Ports of this host, through the guard's own sets. */
  | { readonly kind: 'ports'; readonly ports: readonly PortRange[] }
  /** Sets of the administrator's own ruleset, which says what they let in. */
  | { readonly kind: 'sets'; readonly sets: readonly SetName[] };

/** An address that the kernel lets in now. */
export interface Opening {
  readonly ports: PortRange;
  /** 16 bytes, IPv6 or IPv4-mapped. */
  readonly address: Uint8Array;
  /** Seconds until the kernel ends it; infinite if somebody else put it there for ever. */
  readonly seconds: number;
}

/** Longest that the kernel can be told by nft to let somebody in: 2^32 milliseconds, in seconds. */
export const LONGEST_OPENING = 4_294_967;

/** Opens doors for addresses of 16 bytes, IPv6 or IPv4-mapped. The kernel closes them by itself. */
export interface Doorkeeper {
  /**
   * Lets an address in for exactly `seconds` from now, up to LONGEST_OPENING, whether it was let in
   * before or not: through all ports or sets, or none.
   * @throws {FirewallError} with what the firewall said
   */
  open(door: Door, address: Uint8Array, seconds: number): Promise<void>;

  /**
   * Lets an address in no longer. That it was not let in is no error; connections that it has go on.
   * @throws {FirewallError} with what the firewall said
   */
  close(door: Door, address: Uint8Array): Promise<void>;

  /**
   * What the kernel lets in through the guard's own sets.
   * @throws {FirewallError} with what the firewall said
   */
  openings(): Promise<readonly Opening[]>;
}
