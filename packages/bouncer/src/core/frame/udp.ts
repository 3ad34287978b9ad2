import type { Datagram } from '../datagram.js';
import { uint16 } from './octets.js';

/** Offsets in bytes of the header's fields (RFC 768). */
const OFFSET = { sourcePort: 0, destinationPort: 2, length: 4 } as const;

const HEADER_SIZE = 8;

/**
 * The length field of a UDP datagram: header and payload, in bytes.
 *
 * It may be less than what IP carries. What is behind it is no part of the datagram: Linux and the
 * BSDs cut it off as well, and RFC 9868 has since put options for UDP there, to be ignored by whoever does
 * not know them. Zero is for jumbograms (RFC 2675 section 4), which are refused.
 * @param at offset in bytes of the UDP header
 * @param end offset in bytes of the end of the IP packet, at most the frame's length
 * @returns 8 to 65535, or `undefined` if the datagram is malformed
 */
export function udpLength(frame: Uint8Array, at: number, end: number): number | undefined {
  const length = uint16(frame, at + OFFSET.length);
  // A header that is cut off has no length that is enough for it and fits, whatever is read there.
  return length >= HEADER_SIZE && at + length <= end ? length : undefined;
}

/**
 * Reads the UDP datagram whose length {@link udpLength} has found good.
 *
 * The checksum is not verified: where the network card is to compute it, a capture on the same
 * machine sees it unset, and what the payload says is authenticated anyway.
 * @param source 16 bytes
 * @param destination 16 bytes
 * @returns a datagram whose payload is a view into the frame
 */
export function readDatagram(
  frame: Uint8Array,
  at: number,
  length: number,
  source: Uint8Array,
  destination: Uint8Array,
): Datagram {
  return {
    source,
    sourcePort: uint16(frame, at + OFFSET.sourcePort),
    destination,
    destinationPort: uint16(frame, at + OFFSET.destinationPort),
    payload: frame.subarray(at + HEADER_SIZE, at + length),
  };
}
