import { quoted } from './quote.js';
import { Refusal } from './refusal.js';

/** As which address this machine sends: known only where the packet goes is known. */
export const OWN_SOURCE = 'source';

/** The address that the server is asked to act for. */
export interface ActingAddress {
  /** 16 bytes, IPv6 or IPv4-mapped, never all zero (PROTOCOL.md section 5). */
  readonly bytes: Uint8Array;
  /** The same address for people: dotted IPv4, or IPv6 as in RFC 5952. */
  readonly text: string;
}

/**
 * Reads an IPv4 address in four decimal parts or an IPv6 address without a zone.
 * @throws {Refusal} if the text is anything else, or the all-zero address
 */
export async function parseActingAddress(text: string): Promise<ActingAddress> {
  // Loaded here because few packets name an address.
  const { IPv4, IPv6 } = (await import('ipaddr.js')).default;
  if (text.includes('%')) {
    throw new Refusal('usage', {
      sentence: `address expected no zone, got ${quoted(text)}`,
      hint: 'a zone names an interface of this machine, which means nothing to the server',
    });
  }
  if (!isOneReading(text, IPv4) || !(IPv4.isValid(text) || IPv6.isValid(text))) {
    throw new Refusal('usage', {
      sentence: `address expected IPv4 or IPv6, got ${quoted(text)}`,
      hint: 'write it like 203.0.113.7 or 2001:db8::7',
    });
  }
  const address = IPv4.isValid(text) ? IPv4.parse(text).toIPv4MappedAddress() : IPv6.parse(text);
  const shown = address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  if (shown.range() === 'unspecified') {
    throw new Refusal('usage', {
      sentence: `address expected one that somebody has, got ${quoted(text)}`,
      hint: "leave it out to act for the packet's own source",
    });
  }
  return {
    bytes: Uint8Array.from(address.toByteArray()),
    text: shown.kind() === 'ipv4' ? shown.toString() : address.toRFC5952String(),
  };
}

/**
 * Whether everybody reads the text alike. ipaddr.js also takes `1.2`, `0x7f.1` and `010.0.0.1`, and
 * it reads `::1.2.3.4` as IPv4-mapped where inet_pton does not.
 */
function isOneReading(text: string, ipv4: { isValidFourPartDecimal(text: string): boolean }): boolean {
  if (!text.includes('.')) return text.includes(':');
  const dotted = text.slice(text.lastIndexOf(':') + 1);
  return ipv4.isValidFourPartDecimal(dotted) && text !== `::${dotted}`;
}
