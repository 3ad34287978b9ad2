/*
 * Numbers in network byte order. The caller has compared the offset with the frame's length; if
 * that were wrong, what lies behind the end reads as zero. Unlike DataView, nothing throws.
 */

export function uint8(frame: Uint8Array, at: number): number {
  return frame[at] ?? 0;
}

export function uint16(frame: Uint8Array, at: number): number {
  return (uint8(frame, at) << 8) | uint8(frame, at + 1);
}

/** @returns 0 to 2^32 - 1, never negative */
export function uint32(frame: Uint8Array, at: number): number {
  return uint16(frame, at) * 0x1_0000 + uint16(frame, at + 2);
}
