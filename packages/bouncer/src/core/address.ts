import ipaddr from 'ipaddr.js';

const IPV4_MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** Bits in front of the IPv4 part of an IPv4-mapped address (RFC 4291 section 2.5.5.2). */
export const IPV4_MAPPED_BITS = IPV4_MAPPED_PREFIX.length * 8;

/** The text form of a 16-byte address: dotted for IPv4-mapped ones, else RFC 5952. */
export function formatAddress(bytes: Uint8Array): string {
  return ipaddr
    .fromByteArray([...(isIpv4Mapped(bytes) ? bytes.subarray(IPV4_MAPPED_PREFIX.length) : bytes)])
    .toString();
}

/** Reads an IPv4 or IPv6 address, without zone, as 16 bytes; `undefined` if the text is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.includes('%')) return undefined;
  const [, groups = '', dotted] = /^(.*:)?([^:]*\.[^:]*)$/.exec(text) ?? [];
  if (dotted === undefined) return parseIpv6(text);
  // ipaddr.js reads octal and hexadecimal octets, and `::192.0.2.1` as if it were IPv4-mapped.
  if (!ipaddr.IPv4.isValidFourPartDecimal(dotted)) return undefined;
  const ipv4 = ipaddr.IPv4.parse(dotted);
  if (groups === '') return Uint8Array.from(ipv4.toIPv4MappedAddress().toByteArray());
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.octets;
  return parseIpv6(`${groups}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`);
}

function parseIpv6(text: string): Uint8Array | undefined {
  return ipaddr.IPv6.isValid(text) ? Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()) : undefined;
}

export function isIpv4Mapped(bytes: Uint8Array): boolean {
  return IPV4_MAPPED_PREFIX.every((byte, index) => bytes[index] === byte);
}

/** A loop, since it is asked of each datagram of a flood, and `every` takes six times as long. */
export function sameAddress(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
