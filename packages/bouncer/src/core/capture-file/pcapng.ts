import { LAST_TIME } from '../moment.js';
import {
  BIG_ENDIAN,
  CaptureFileError,
  LITTLE_ENDIAN,
  takeAll,
  type CapturedFrame,
  type Numbers,
  type Take,
} from './captured-frame.js';

/** Types of blocks that are read (draft-ietf-opsawg-pcapng section 4); any other is passed over. */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, frame: 6 } as const;

/** The first field of a section header, which tells the byte order by how it reads. */
const BYTE_ORDER = 0x1a2b3c4d;

/** Type and length in front of the body of a block, the length once more behind it. */
const HEADER_SIZE = 8;
const TRAILER_SIZE = 4;

/** Largest block in bytes. */
const MOST_BLOCK_BYTES = 16 * 1024 * 1024;

/** Interfaces of one section: without a limit, a file of nothing else would fill the memory. */
const MOST_INTERFACES = 65_536;

const INTERFACE_OFFSET = { linkType: 0, options: 8 } as const;
const FRAME_OFFSET = { interface: 0, timeHigh: 4, timeLow: 8, size: 12, bytes: 20 } as const;

/** Options of an interface: 2 bytes of code, 2 of length, the value padded to a multiple of 4. */
const OPTION = { end: 0, resolution: 9, offset: 14 } as const;
const OPTION_HEADER_SIZE = 4;
const WORD = 4;

/** How the frames of an interface are to be read. */
interface Interface {
  readonly linkType: number;
  /** Parts of a second in which times are counted. */
  readonly resolution: number;
  /** Seconds to be added. */
  readonly offset: number;
}

/**
 * Reads a file of the format that Wireshark writes.
 * @param magic its first four bytes
 * @param take gives what follows
 * @returns `undefined` if it is of another format
 */
export function readPcapng(magic: number, take: Take): Iterable<CapturedFrame> | undefined {
  return magic === BLOCK.section ? frames(take) : undefined;
}

function* frames(take: Take): Generator<CapturedFrame> {
  let numbers: Numbers | undefined;
  let interfaces: Interface[] = [];
  let type: number = BLOCK.section;
  // The type of the first block was read with the magic.
  for (let head = take(HEADER_SIZE - WORD); head.length > 0; head = take(HEADER_SIZE)) {
    if (numbers !== undefined) {
      if (head.length < HEADER_SIZE) throw new CaptureFileError('it ends in the middle of a block');
      type = numbers.uint32(head, 0);
    }
    const length = head.subarray(-WORD);
    let order: Buffer = Buffer.alloc(0);
    if (type === BLOCK.section) {
      order = takeAll(take, WORD);
      numbers = numbersOf(order);
      interfaces = [];
    }
    if (numbers === undefined) throw new CaptureFileError('it does not begin with a section');
    const body = takeBody(take, numbers.uint32(length, 0), order.length);
    if (type === BLOCK.interface) {
      if (interfaces.length === MOST_INTERFACES)
        throw new CaptureFileError(`it has more than ${MOST_INTERFACES} interfaces`);
      interfaces.push(readInterface(body, numbers));
    }
    if (type === BLOCK.frame) yield readFrame(body, numbers, interfaces);
  }
}

function numbersOf(order: Buffer): Numbers {
  for (const numbers of [LITTLE_ENDIAN, BIG_ENDIAN])
    if (numbers.uint32(order, 0) === BYTE_ORDER) return numbers;
  throw new CaptureFileError('a section has no byte order');
}

/** @param taken bytes of the body that have been read before */
function takeBody(take: Take, length: number, taken: number): Buffer {
  const size = length - HEADER_SIZE - TRAILER_SIZE - taken;
  if (size < 0 || length % WORD !== 0 || length > MOST_BLOCK_BYTES)
    throw new CaptureFileError(`a block of ${length} bytes cannot be right`);
  return takeAll(take, size + TRAILER_SIZE).subarray(0, size);
}

function readInterface(body: Buffer, numbers: Numbers): Interface {
  if (body.length < INTERFACE_OFFSET.options) throw new CaptureFileError('an interface is too short');
  const linkType = numbers.uint16(body, INTERFACE_OFFSET.linkType);
  let resolution = 1e6;
  let offset = 0;
  for (let at: number = INTERFACE_OFFSET.options; at + OPTION_HEADER_SIZE <= body.length;) {
    const code = numbers.uint16(body, at);
    const size = numbers.uint16(body, at + 2);
    if (code === OPTION.end) break;
    const value = body.subarray(at + OPTION_HEADER_SIZE, at + OPTION_HEADER_SIZE + size);
    if (code === OPTION.resolution && value.length === 1) resolution = resolutionOf(value.readUInt8());
    if (code === OPTION.offset && value.length === 2 * WORD) offset = Number(numbers.int64(value, 0));
    at += OPTION_HEADER_SIZE + WORD * Math.ceil(size / WORD);
  }
  return { linkType, resolution, offset };
}

/** With the upper bit a power of 2, without it one of 10. */
function resolutionOf(octet: number): number {
  return (octet & 0x80) === 0 ? 10 ** octet : 2 ** (octet & 0x7f);
}

function readFrame(body: Buffer, numbers: Numbers, interfaces: readonly Interface[]): CapturedFrame {
  if (body.length < FRAME_OFFSET.bytes) throw new CaptureFileError('a frame is too short');
  const origin = interfaces[numbers.uint32(body, FRAME_OFFSET.interface)];
  if (origin === undefined) throw new CaptureFileError('a frame is of an interface that was not described');
  const size = numbers.uint32(body, FRAME_OFFSET.size);
  if (size > body.length - FRAME_OFFSET.bytes) throw new CaptureFileError('a frame is larger than its block');
  const units =
    numbers.uint32(body, FRAME_OFFSET.timeHigh) * 2 ** 32 + numbers.uint32(body, FRAME_OFFSET.timeLow);
  const time = Math.floor((units / origin.resolution + origin.offset) * 1_000);
  if (time < 0 || time > LAST_TIME) throw new CaptureFileError('a frame has a time that cannot be right');
  return {
    linkType: origin.linkType,
    time,
    bytes: body.subarray(FRAME_OFFSET.bytes, FRAME_OFFSET.bytes + size),
  };
}
