/** A frame as a capture file has it. */
export interface CapturedFrame {
  /** Number of the link type (tcpdump.org/linktypes). */
  readonly linkType: number;
  /** When it was captured: Unix time in milliseconds, rounded down. */
  readonly time: number;
  readonly bytes: Uint8Array;
}

/** Gives the next so many bytes of a file; fewer only at its end. */
export type Take = (size: number) => Buffer;

/** The file is no capture file, or a damaged one. The message is half a sentence. */
export class CaptureFileError extends Error {
  override readonly name = 'CaptureFileError';
}

/** @throws {CaptureFileError} if the file ends before */
export function takeAll(take: Take, size: number): Buffer {
  const bytes = take(size);
  if (bytes.length < size) throw new CaptureFileError('it ends in the middle of a frame');
  return bytes;
}

/** Numbers in the byte order of the machine that wrote a file. */
export interface Numbers {
  uint16(bytes: Buffer, at: number): number;
  uint32(bytes: Buffer, at: number): number;
  int64(bytes: Buffer, at: number): bigint;
}

export const LITTLE_ENDIAN: Numbers = {
  uint16: (bytes, at) => bytes.readUInt16LE(at),
  uint32: (bytes, at) => bytes.readUInt32LE(at),
  int64: (bytes, at) => bytes.readBigInt64LE(at),
};

export const BIG_ENDIAN: Numbers = {
  uint16: (bytes, at) => bytes.readUInt16BE(at),
  uint32: (bytes, at) => bytes.readUInt32BE(at),
  int64: (bytes, at) => bytes.readBigInt64BE(at),
};
