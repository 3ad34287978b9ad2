import { quoted } from './quote.js';
import { Refusal } from './refusal.js';

/** How a datagram leaves this machine; what is `undefined` is the kernel's choice. */
export interface Sending {
  /** IPv4 or IPv6, as written; need not be an address of this machine. */
  readonly source: string | undefined;
  /** 1 to 65535. */
  readonly sourcePort: number | undefined;
  /** Hops that it may take, 1 to 255. */
  readonly ttl: number | undefined;
}

export const LARGEST_TTL = 255;

/**
 * Reads the number of hops.
 * @throws {Refusal} if the text is anything but 1 to 255
 */
export function parseTtl(text: string): number {
  const ttl = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (ttl < 1 || ttl > LARGEST_TTL) {
    throw new Refusal('usage', { sentence: `ttl expected 1 to ${LARGEST_TTL}, got ${quoted(text)}` });
  }
  return ttl;
}
