import ipaddr from 'ipaddr.js';

/*
 * Frames as an attacker or a network would send them. Every field is right unless the caller sets it.
 * UDP checksums are left at zero, which over IPv4 means that there is none (RFC 768).
 */

export const ETHER_TYPE = {
  ipv4: 0x0800,
  vlan: 0x8100,
  ipv6: 0x86dd,
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
} as const;

export const PROTOCOL = {
  hopByHopOptions: 0,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  noNextHeader: 59,
  destinationOptions: 60,
} as const;

export interface UdpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
  readonly length?: number;
}

export function udp({ sourcePort, destinationPort, payload, length }: UdpFields): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE(length ?? header.length + payload.length, 4);
  return Buffer.concat([header, payload]);
}

export interface Ipv4Fields {
  readonly source: string;
  readonly destination: string;
  readonly payload: Uint8Array;
  /** Whole words of 4 bytes, 40 bytes at most. */
  readonly options?: Uint8Array;
  readonly protocol?: number;
  readonly version?: number;
  /** Words of 4 bytes that the header says it has. */
  readonly headerWords?: number;
  readonly totalLength?: number;
  /** Don't Fragment if the caller sets nothing. */
  readonly flagsAndFragmentOffset?: number;
}

export function ipv4(fields: Ipv4Fields): Buffer {
  const { options = Buffer.alloc(0), payload } = fields;
  const header = Buffer.concat([Buffer.alloc(20), options]);
  header.writeUInt8(((fields.version ?? 4) << 4) | (fields.headerWords ?? header.length / 4), 0);
  header.writeUInt16BE(fields.totalLength ?? header.length + payload.length, 2);
  header.writeUInt16BE(fields.flagsAndFragmentOffset ?? 0x4000, 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(fields.protocol ?? PROTOCOL.udp, 9);
  header.set(ipaddr.IPv4.parse(fields.source).toByteArray(), 12);
  header.set(ipaddr.IPv4.parse(fields.destination).toByteArray(), 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

export interface Extension {
  readonly type: number;
  /** Byte 0, the next header, is filled in by {@link ipv6}. */
  readonly bytes: Uint8Array;
}

export interface Ipv6Fields {
  readonly source: string;
  readonly destination: string;
  readonly payload: Uint8Array;
  readonly extensions?: readonly Extension[];
  /** What the payload is: UDP if the caller sets nothing. */
  readonly protocol?: number;
  readonly version?: number;
  readonly payloadLength?: number;
}

export function ipv6(fields: Ipv6Fields): Buffer {
  const { extensions = [], payload } = fields;
  const types = [...extensions.map(({ type }) => type), fields.protocol ?? PROTOCOL.udp];
  const headers = extensions.map(({ bytes }, index) =>
    Buffer.concat([Uint8Array.of(types[index + 1] ?? 0), bytes.subarray(1)]),
  );
  const body = Buffer.concat([...headers, payload]);
  const header = Buffer.alloc(40);
  header.writeUInt8((fields.version ?? 6) << 4, 0);
  header.writeUInt16BE(fields.payloadLength ?? body.length, 4);
  header.writeUInt8(types[0] ?? 0, 6);
  header.writeUInt8(64, 7);
  header.set(ipaddr.IPv6.parse(fields.source).toByteArray(), 8);
  header.set(ipaddr.IPv6.parse(fields.destination).toByteArray(), 24);
  return Buffer.concat([header, body]);
}

/** A header of one PadN option (RFC 8200 section 4.2), 1 to 32 units of 8 bytes. */
export function options(
  type: typeof PROTOCOL.hopByHopOptions | typeof PROTOCOL.destinationOptions,
  units = 1,
): Extension {
  const bytes = Buffer.alloc(units * 8);
  bytes.set([0, units - 1, 1, bytes.length - 4]);
  return { type, bytes };
}

/** A routing header of type 0 (RFC 8200 section 4.4, RFC 5095) with the addresses of some hosts. */
export function routing(segmentsLeft: number, hosts = 0): Extension {
  const bytes = Buffer.alloc(8 + hosts * 16);
  bytes.set([0, hosts * 2, 0, segmentsLeft]);
  return { type: PROTOCOL.routing, bytes };
}

/** @param offset in units of 8 bytes; 0 and no more to come make an atomic fragment */
export function fragment(offset: number, more: boolean): Extension {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE((offset << 3) | (more ? 1 : 0), 2);
  return { type: PROTOCOL.fragment, bytes };
}

export interface TypedFields {
  /** Outermost first. */
  readonly tags?: readonly VlanTag[];
  /** What the packet's version says if the caller sets nothing. */
  readonly etherType?: number;
  /** What the network card adds behind the packet. */
  readonly padding?: Uint8Array;
}

export interface VlanTag {
  readonly type: number;
  /** 0 to 4095. */
  readonly vlan: number;
}

export function ethernet(packet: Uint8Array, fields: TypedFields = {}): Buffer {
  const addresses = Uint8Array.of(0x02, 0, 0, 0, 0, 0x09, 0x02, 0, 0, 0, 0, 0x07);
  return Buffer.concat([addresses, typed(packet, fields)]);
}

export interface CookedFields extends TypedFields {
  /** 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 from us. */
  readonly packetType?: number;
}

export function cooked(packet: Uint8Array, fields: CookedFields = {}): Buffer {
  const header = Buffer.alloc(14);
  header.writeUInt16BE(fields.packetType ?? 0, 0);
  header.writeUInt16BE(1, 2); // ARPHRD_ETHER
  header.writeUInt16BE(6, 4);
  header.set([0x02, 0, 0, 0, 0, 0x07], 6);
  return Buffer.concat([header, typed(packet, fields)]);
}

/** A cooked frame of version 2, which has no tags. */
export function cooked2(packet: Uint8Array, fields: Omit<CookedFields, 'tags'> = {}): Buffer {
  const behind = typed(packet, fields);
  const header = Buffer.alloc(20);
  header.set(behind.subarray(0, 2), 0);
  header.writeUInt32BE(7, 4);
  header.writeUInt16BE(1, 8); // ARPHRD_ETHER
  header.set([fields.packetType ?? 0, 6, 0x02, 0, 0, 0, 0, 0x07], 10);
  return Buffer.concat([header, behind.subarray(2)]);
}

export function loopback(packet: Uint8Array, family: number, order: 'little' | 'big' = 'little'): Buffer {
  const header = Buffer.alloc(4);
  if (order === 'little') header.writeUInt32LE(family);
  else header.writeUInt32BE(family);
  return Buffer.concat([header, packet]);
}

function typed(packet: Uint8Array, { tags = [], etherType, padding }: TypedFields): Buffer {
  const tagBytes = tags.flatMap(({ type, vlan }) => [...be16(type), ...be16(vlan)]);
  const type = etherType ?? ((packet[0] ?? 0) >>> 4 === 6 ? ETHER_TYPE.ipv6 : ETHER_TYPE.ipv4);
  return Buffer.concat([Buffer.from([...tagBytes, ...be16(type)]), packet, padding ?? Buffer.alloc(0)]);
}

function be16(value: number): [number, number] {
  return [value >>> 8, value & 0xff];
}

/** The Internet checksum (RFC 1071) of whole 16-bit words. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
