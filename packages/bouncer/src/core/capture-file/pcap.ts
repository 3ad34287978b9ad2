import {
  BIG_ENDIAN,
  CaptureFileError,
  LITTLE_ENDIAN,
  takeAll,
  type CapturedFrame,
  type Numbers,
  type Take,
} from './captured-frame.js';

interface Format {
  readonly numbers: Numbers;
  /** Parts of a second in which times are counted. */
  readonly resolution: number;
}

/** The formats by the first four bytes, most significant first (draft-ietf-opsawg-pcap section 4). */
const FORMATS: ReadonlyMap<number, Format> = new Map([
  [0xa1b2c3d4, { numbers: BIG_ENDIAN, resolution: 1e6 }],
  [0xd4c3b2a1, { numbers: LITTLE_ENDIAN, resolution: 1e6 }],
  [0xa1b23c4d, { numbers: BIG_ENDIAN, resolution: 1e9 }],
  [0x4d3cb2a1, { numbers: LITTLE_ENDIAN, resolution: 1e9 }],
]);

/** Behind the first four bytes. */
const HEADER_SIZE = 20;
const LINK_TYPE_OFFSET = 16;

/** The bits above say whether a checksum follows the frames, which nobody here looks at. */
const LINK_TYPE_MASK = 0xffff;

const FRAME_HEADER_SIZE = 16;
const FRAME_OFFSET = { seconds: 0, fraction: 4, size: 8 } as const;

/** Largest frame in bytes, as for tcpdump. */
const MOST_FRAME_BYTES = 262_144;

/**
 * Reads a file of the format that tcpdump writes.
 * @param magic its first four bytes
 * @param take gives what follows
 * @returns `undefined` if it is of another format
 */
export function readPcap(magic: number, take: Take): Iterable<CapturedFrame> | undefined {
  const format = FORMATS.get(magic);
  return format && frames(format, take);
}

function* frames({ numbers, resolution }: Format, take: Take): Generator<CapturedFrame> {
  const linkType = numbers.uint32(takeAll(take, HEADER_SIZE), LINK_TYPE_OFFSET) & LINK_TYPE_MASK;
  for (;;) {
    const header = take(FRAME_HEADER_SIZE);
    if (header.length === 0) return;
    if (header.length < FRAME_HEADER_SIZE) throw new CaptureFileError('it ends in the middle of a frame');
    const size = numbers.uint32(header, FRAME_OFFSET.size);
    if (size > MOST_FRAME_BYTES) throw new CaptureFileError(`a frame of ${size} bytes cannot be right`);
    const seconds = numbers.uint32(header, FRAME_OFFSET.seconds);
    const fraction = numbers.uint32(header, FRAME_OFFSET.fraction);
    const time = seconds * 1_000 + Math.floor((fraction * 1_000) / resolution);
    yield { linkType, time, bytes: takeAll(take, size) };
  }
}
