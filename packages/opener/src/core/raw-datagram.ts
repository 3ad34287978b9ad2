/** Where a datagram comes from and goes to. */
export interface Route {
  /** 4 bytes of IPv4 or 16 of IPv6; both of one family. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** 1 to 255. */
  readonly ttl: number;
}

const UDP = 17;
const UDP_HEADER_SIZE = 8;
const UDP_CHECKSUM_OFFSET = 6;
const IPV4_HEADER_SIZE = 20;
const IPV4_CHECKSUM_OFFSET = 10;
const IPV6_HEADER_SIZE = 40;
const DO_NOT_FRAGMENT = 0x4000;

/** A UDP datagram with its IP header (RFC 768, 791, 8200), ready for a raw socket. */
export function rawDatagram(route: Route, payload: Uint8Array): Buffer {
  const udp = udpDatagram(route, payload);
  return Buffer.concat([route.source.length === 4 ? ipv4Header(route, udp) : ipv6Header(route, udp), udp]);
}

function udpDatagram(route: Route, payload: Uint8Array): Buffer {
  const udp = Buffer.alloc(UDP_HEADER_SIZE + payload.length);
  udp.writeUInt16BE(route.sourcePort, 0);
  udp.writeUInt16BE(route.destinationPort, 2);
  udp.writeUInt16BE(udp.length, 4);
  udp.set(payload, UDP_HEADER_SIZE);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(udp.length);
  // The pseudo headers of both families have the same sum.
  const sum = checksum(Buffer.concat([route.source, route.destination, length, Buffer.of(0, UDP), udp]));
  // Zero would say that there is none (RFC 768).
  udp.writeUInt16BE(sum === 0 ? 0xffff : sum, UDP_CHECKSUM_OFFSET);
  return udp;
}

function ipv4Header(route: Route, udp: Buffer): Buffer {
  const header = Buffer.alloc(IPV4_HEADER_SIZE);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + udp.length, 2);
  header.writeUInt16BE(DO_NOT_FRAGMENT, 6);
  header.writeUInt8(route.ttl, 8);
  header.writeUInt8(UDP, 9);
  header.set(route.source, 12);
  header.set(route.destination, 16);
  header.writeUInt16BE(checksum(header), IPV4_CHECKSUM_OFFSET);
  return header;
}

function ipv6Header(route: Route, udp: Buffer): Buffer {
  const header = Buffer.alloc(IPV6_HEADER_SIZE);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(udp.length, 4);
  header.writeUInt8(UDP, 6);
  header.writeUInt8(route.ttl, 7);
  header.set(route.source, 8);
  header.set(route.destination, 24);
  return header;
}

/** The Internet checksum (RFC 1071). */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += (bytes.at(-1) ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
