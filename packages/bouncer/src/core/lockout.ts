import { formatAddress, isIpv4Mapped } from './address.js';
import { networkContains, type Network } from './network.js';
import type { RejectReason } from './verdict.js';

/** When a source is locked out. */
export interface LockoutRules {
  /** Rejects of one source, 1 to 10,000. */
  readonly after: number;
  /** Milliseconds from the first of them to the last. */
  readonly within: number;
  /** Milliseconds for which it is locked out. */
  readonly time: number;
  /** Networks that are never locked out. */
  readonly except: readonly Network[];
}

/** What anybody can have happen; whoever is refused for something else has proved that he has a seed. */
const COUNTED: ReadonlySet<RejectReason> = new Set<RejectReason>([
  'length',
  'gate',
  'locator',
  'tag',
  'replay',
]);

/** Sources that are remembered: of more, the one that was new first is forgotten. */
const MOST_SOURCES = 4_096;

/** Bytes of an IPv6 address that stand for one source: whoever has one has all 2^64 that begin so. */
const IPV6_SOURCE_BYTES = 8;

interface Source {
  rejects: number;
  /** When the first of them came. */
  since: number;
  /** Locked out until then. */
  until: number;
}

/**
 * Decides whose datagrams are ignored for a time, since too many of them were refused. Moments are
 * milliseconds of a clock that never steps.
 */
export class Lockout {
  readonly #sources = new Map<string, Source>();
  #rules: LockoutRules | undefined;

  /** @param rules `undefined` if nobody is locked out */
  constructor(rules: LockoutRules | undefined) {
    this.#rules = rules;
  }

  /** Goes over to other rules. Who is locked out stays so, unless nobody is any more or he is excepted now. */
  follow(rules: LockoutRules | undefined): void {
    this.#rules = rules;
    if (rules === undefined) this.#sources.clear();
  }

  /** @param address of the source, 16 bytes */
  ignores(address: Uint8Array, now: number): boolean {
    if (this.#sources.size === 0 || this.#isExcepted(address)) return false;
    const source = this.#sources.get(keyOf(address));
    return source !== undefined && now < source.until;
  }

  /**
   * Counts a reject.
   * @param address of the source, 16 bytes
   * @returns whether the source is locked out from now on
   */
  count(reason: RejectReason, address: Uint8Array, now: number): boolean {
    const rules = this.#rules;
    if (rules === undefined || !COUNTED.has(reason) || this.#isExcepted(address)) return false;
    const key = keyOf(address);
    let source = this.#sources.get(key);
    if (source === undefined || now - source.since > rules.within) {
      this.#sources.delete(key);
      source = { rejects: 0, since: now, until: -Infinity };
      this.#sources.set(key, source);
      const [oldest] = this.#sources.keys();
      if (this.#sources.size > MOST_SOURCES && oldest !== undefined) this.#sources.delete(oldest);
    }
    if (++source.rejects < rules.after) return false;
    source.until = now + rules.time;
    source.rejects = 0;
    return true;
  }

  #isExcepted(address: Uint8Array): boolean {
    return this.#rules?.except.some((network) => networkContains(network, address)) ?? false;
  }
}

/** A source as text: an IPv4 address, or the IPv6 network of 64 bits that stands for it. */
export function sourceText(address: Uint8Array): string {
  if (isIpv4Mapped(address)) return formatAddress(address);
  return `${formatAddress(Uint8Array.from(address, (byte, index) => (index < IPV6_SOURCE_BYTES ? byte : 0)))}/64`;
}

function keyOf(address: Uint8Array): string {
  const bytes = isIpv4Mapped(address) ? address : address.subarray(0, IPV6_SOURCE_BYTES);
  return Buffer.from(bytes).toString('latin1');
}
