import type { Datagram } from '../datagram.js';
import type { FrameFault } from './fault.js';
import { uint16, uint32, uint8 } from './octets.js';
import { readDatagram, udpLength } from './udp.js';

/** Offsets in bytes of the header's fields (RFC 791 section 3.1). */
const OFFSET = {
  versionAndSize: 0,
  totalLength: 2,
  flagsAndFragmentOffset: 6,
  protocol: 9,
  source: 12,
  destination: 16,
} as const;

const VERSION = 4;

/** Size in bytes of the header without options. */
const MIN_HEADER_SIZE = 20;

/** The header states its size in words of this many bytes. */
const WORD_SIZE = 4;

/** More Fragments and the 13 bits of fragment offset: zero only in a packet that is whole. */
const FRAGMENT_BITS = 0x3fff;

const PROTOCOL_UDP = 17;

const BROADCAST = 0xffff_ffff;

/** Size in bytes of an address of a datagram, and where the 4 bytes of IPv4 begin (RFC 4291 section 2.5.5.2). */
const MAPPED_SIZE = 16;
const MAPPED_OFFSET = 12;

/** The addresses of a datagram, written anew for each: to allocate them costs more than to read them. */
const SOURCE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0);
const DESTINATION = Uint8Array.from(SOURCE);

/**
 * Reads the datagram of an IPv4 packet (RFC 791). Options are skipped unread. The header's checksum
 * is not verified: it would only prove what the sender claims, and the sender may claim any source.
 * @param at offset in bytes of the header; the packet may end before the frame, whose rest is padding
 */
export function parseIpv4(frame: Uint8Array, at: number): Datagram | FrameFault {
  if (at + MIN_HEADER_SIZE > frame.length) return 'truncated';
  const versionAndSize = uint8(frame, at + OFFSET.versionAndSize);
  if (versionAndSize >>> 4 !== VERSION) return 'malformed';
  const headerSize = (versionAndSize & 0xf) * WORD_SIZE;
  const totalLength = uint16(frame, at + OFFSET.totalLength);
  // A total length of 0 is a batch of segments that the card has merged or is to cut up. No packet is so large.
  if (headerSize < MIN_HEADER_SIZE || totalLength < headerSize) return 'malformed';
  const end = at + totalLength;
  if (end > frame.length) return 'truncated';
  if ((uint16(frame, at + OFFSET.flagsAndFragmentOffset) & FRAGMENT_BITS) !== 0) return 'fragment';
  if (uint8(frame, at + OFFSET.protocol) !== PROTOCOL_UDP) return 'not-udp';
  if (!isSource(uint32(frame, at + OFFSET.source))) return 'address';
  const length = udpLength(frame, at + headerSize, end);
  if (length === undefined) return 'malformed';
  const source = readMapped(frame, at + OFFSET.source, SOURCE);
  const destination = readMapped(frame, at + OFFSET.destination, DESTINATION);
  return readDatagram(frame, at + headerSize, length, source, destination);
}

/**
 * Whether a host may send from this address (RFC 1122 section 3.2.1.3): not from 0.0.0.0/8, a
 * multicast group or the broadcast address. Loopback is allowed, for captures of `lo`.
 */
function isSource(address: number): boolean {
  const network = address >>> 24;
  const multicast = network >>> 4 === 0xe;
  return network !== 0 && !multicast && address !== BROADCAST;
}

function readMapped(frame: Uint8Array, at: number, address: Uint8Array): Uint8Array {
  for (let index = MAPPED_OFFSET; index < MAPPED_SIZE; index++) {
    address[index] = uint8(frame, at + index - MAPPED_OFFSET);
  }
  return address;
}
