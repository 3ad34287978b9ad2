import type { Datagram } from '../datagram.js';
import type { FrameFault } from './fault.js';
import { uint16, uint32, uint8 } from './octets.js';
import { readDatagram, udpLength } from './udp.js';

/** Offsets in bytes of the header's fields (RFC 8200 section 3). */
const OFFSET = { version: 0, payloadLength: 4, nextHeader: 6, source: 8, destination: 24 } as const;

const VERSION = 6;
const HEADER_SIZE = 40;
const ADDRESS_SIZE = 16;

/** The addresses of a datagram, written anew for each: to allocate them costs more than to read them. */
const SOURCE = new Uint8Array(ADDRESS_SIZE);
const DESTINATION = new Uint8Array(ADDRESS_SIZE);

/** Values of a Next Header field (IANA, Protocol Numbers). */
const NEXT_HEADER = {
  hopByHopOptions: 0,
  udp: 17,
  routing: 43,
  fragment: 44,
  destinationOptions: 60,
} as const;

/** Offsets in bytes of an extension header's fields (RFC 8200 section 4). */
const EXTENSION_OFFSET = { nextHeader: 0, size: 1, segmentsLeft: 3 } as const;

/** An extension header has this many bytes, and as many times more as it states. */
const EXTENSION_UNIT = 8;

/** RFC 8200 section 4.1 has at most four of these in a packet; the rest is leeway. */
const MAX_EXTENSIONS = 8;

/**
 * Reads the datagram of an IPv6 packet (RFC 8200).
 * @param at offset in bytes of the header; the packet may end before the frame, whose rest is padding
 */
export function parseIpv6(frame: Uint8Array, at: number): Datagram | FrameFault {
  if (at + HEADER_SIZE > frame.length) return 'truncated';
  if (uint8(frame, at + OFFSET.version) >>> 4 !== VERSION) return 'malformed';
  const payloadLength = uint16(frame, at + OFFSET.payloadLength);
  // A jumbogram (RFC 2675), a batch of segments from the card, or nothing at all.
  if (payloadLength === 0) return 'malformed';
  const end = at + HEADER_SIZE + payloadLength;
  if (end > frame.length) return 'truncated';
  const udp = findUdp(frame, uint8(frame, at + OFFSET.nextHeader), at + HEADER_SIZE, end);
  if (typeof udp === 'string') return udp;
  if (!areAddresses(frame, at + OFFSET.source, at + OFFSET.destination)) return 'address';
  const length = udpLength(frame, udp, end);
  if (length === undefined) return 'malformed';
  const source = readAddress(frame, at + OFFSET.source, SOURCE);
  const destination = readAddress(frame, at + OFFSET.destination, DESTINATION);
  return readDatagram(frame, udp, length, source, destination);
}

/**
 * Follows the extension headers to the UDP header.
 *
 * Any fragment header ends the search, also that of an atomic fragment, which is a whole packet
 * (RFC 6946). Nobody has a reason left to send those (RFC 8021), least of all for a datagram that
 * fits into the smallest MTU, so they would only be one more way to look different to two readers.
 * @param header the Next Header field in front of `at`
 * @param end offset in bytes of the end of the packet, at most the frame's length
 * @returns the offset in bytes of the UDP header, at most `end`
 */
function findUdp(frame: Uint8Array, header: number, at: number, end: number): number | FrameFault {
  let type = header;
  let offset = at;
  for (let followed = 0; type !== NEXT_HEADER.udp; followed++) {
    if (type === NEXT_HEADER.fragment) return 'fragment';
    if (!isFollowed(type)) return 'not-udp';
    // Only the IPv6 header itself may announce hop-by-hop options (RFC 8200 section 4.1).
    if (type === NEXT_HEADER.hopByHopOptions && followed > 0) return 'malformed';
    if (followed === MAX_EXTENSIONS) return 'too-deep';
    if (offset + EXTENSION_UNIT > end) return 'malformed';
    // The destination is then a waypoint: the packet is not this host's to read, but to pass on (section 4.4).
    if (type === NEXT_HEADER.routing && uint8(frame, offset + EXTENSION_OFFSET.segmentsLeft) !== 0) {
      return 'in-transit';
    }
    type = uint8(frame, offset + EXTENSION_OFFSET.nextHeader);
    offset += EXTENSION_UNIT * (1 + uint8(frame, offset + EXTENSION_OFFSET.size));
    if (offset > end) return 'malformed';
  }
  return offset;
}

function isFollowed(type: number): boolean {
  return (
    type === NEXT_HEADER.hopByHopOptions ||
    type === NEXT_HEADER.routing ||
    type === NEXT_HEADER.destinationOptions
  );
}

/**
 * Whether a packet may go from one address to the other. The source is neither `::` nor multicast
 * (RFC 4291 sections 2.5.2 and 2.7). Neither is IPv4-mapped: that is how a datagram writes an IPv4
 * address, so ::ffff:192.0.2.1 in an IPv6 header would pass for the host 192.0.2.1.
 */
function areAddresses(frame: Uint8Array, source: number, destination: number): boolean {
  const multicast = uint8(frame, source) === 0xff;
  return (
    !multicast && !isUnspecified(frame, source) && !isMapped(frame, source) && !isMapped(frame, destination)
  );
}

function isUnspecified(frame: Uint8Array, at: number): boolean {
  return startsWithZeros(frame, at) && uint32(frame, at + 8) === 0 && uint32(frame, at + 12) === 0;
}

/** Whether the address is in ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
function isMapped(frame: Uint8Array, at: number): boolean {
  return startsWithZeros(frame, at) && uint32(frame, at + 8) === 0xffff;
}

/** Whether the first 64 bits of the address are zero. */
function startsWithZeros(frame: Uint8Array, at: number): boolean {
  return uint32(frame, at) === 0 && uint32(frame, at + 4) === 0;
}

function readAddress(frame: Uint8Array, at: number, address: Uint8Array): Uint8Array {
  for (let index = 0; index < ADDRESS_SIZE; index++) address[index] = uint8(frame, at + index);
  return address;
}
