import { timingSafeEqual } from 'node:crypto';
import { actionCode, type ActionCode } from './action-code.js';
import {
  ADDRESS_SIZE,
  ARGUMENT_MAX_SIZE,
  BLOCK_SIZE,
  MAX_BLOCKS,
  MESSAGE_OFFSET,
  MIN_BLOCKS,
  PASSWORD_SIZE,
  VERSION,
} from './constants.js';
import { minuteOf, type Minute } from './minute.js';
import { ProtocolError } from './protocol-error.js';

/** What a packet asks for (PROTOCOL.md section 5). */
export interface Message {
  readonly actionCode: ActionCode;
  /** Requested seconds, 0 to 2^32 - 1; 0 means the action's own duration. */
  readonly duration: number;
  /** Time of sealing, Unix time in milliseconds. */
  readonly time: number;
  /** 16 bytes, IPv6 or IPv4-mapped; `undefined` means the datagram's source. */
  readonly address: Uint8Array | undefined;
  /** At most 64 bytes of UTF-8 without NUL; empty if there is none. */
  readonly argument: string;
}

/** What the packet around a message says about it; the message has to agree. */
export interface Envelope {
  readonly minute: Minute;
  readonly actionCode: ActionCode;
  /** password(m), 16 bytes. */
  readonly password: Uint8Array;
}

/** Why the bytes of a message are refused, in the order of checking (PROTOCOL.md section 7). */
export type MessageFault =
  'padding' | 'password' | 'version' | 'flags' | 'code' | 'time' | 'argument' | 'fill';

/** Number of message bytes that are there whatever the argument, and the one byte of PKCS#7 padding. */
const OVERHEAD = MESSAGE_OFFSET.argument + 1;

/** Every message ends one byte before a block does, so that PKCS#7 adds this byte (PROTOCOL.md section 5). */
const PADDING = 1;

const LARGEST_DURATION = 0xffff_ffff;
const NO_ADDRESS = new Uint8Array(ADDRESS_SIZE);

/** The smallest number of blocks that holds a message with this argument (PROTOCOL.md section 6 step 2). */
export function fewestBlocks(argument: string): number {
  return Math.max(MIN_BLOCKS, Math.ceil((OVERHEAD + Buffer.byteLength(argument)) / BLOCK_SIZE));
}

/**
 * The minute that a message is sealed in.
 * @throws {ProtocolError} if its time is outside the range
 */
export function minuteOfSealing({ time }: Message): Minute {
  if (!Number.isSafeInteger(time) || time < 0) {
    throw new ProtocolError(`time expected whole milliseconds since 1970, got ${time}`);
  }
  return minuteOf(time);
}

/**
 * Lays a message out for `blocks` blocks of ciphertext.
 * @returns 16 * blocks - 1 bytes
 * @throws {ProtocolError} if a field is outside its range or the blocks do not hold the message
 */
export function encodeMessage(message: Message, password: Uint8Array, blocks: number): Uint8Array {
  const argument = encodeArgument(message.argument);
  const fewest = fewestBlocks(message.argument);
  if (!Number.isInteger(blocks) || blocks < fewest || blocks > MAX_BLOCKS) {
    throw new ProtocolError(`blocks expected an integer from ${fewest} to ${MAX_BLOCKS}, got ${blocks}`);
  }
  const { duration, address } = message;
  if (!Number.isInteger(duration) || duration < 0 || duration > LARGEST_DURATION) {
    throw new ProtocolError(`duration expected whole seconds from 0 to ${LARGEST_DURATION}, got ${duration}`);
  }
  if (address !== undefined && address.length !== ADDRESS_SIZE) {
    throw new ProtocolError(`address expected ${ADDRESS_SIZE} bytes, got ${address.length}`);
  }
  const bytes = Buffer.alloc(blocks * BLOCK_SIZE - 1);
  bytes.set(password, MESSAGE_OFFSET.password);
  bytes.writeUInt8(VERSION, MESSAGE_OFFSET.version);
  bytes.writeUInt16BE(message.actionCode, MESSAGE_OFFSET.actionCode);
  bytes.writeUInt32BE(duration, MESSAGE_OFFSET.duration);
  bytes.writeBigUInt64BE(BigInt(message.time), MESSAGE_OFFSET.time);
  bytes.set(address ?? NO_ADDRESS, MESSAGE_OFFSET.address);
  bytes.writeUInt8(argument.length, MESSAGE_OFFSET.argumentSize);
  bytes.set(argument, MESSAGE_OFFSET.argument);
  return bytes;
}

/**
 * Checks and reads a decrypted message (PROTOCOL.md section 7, checks 7 to 14).
 * @param bytes the decrypted blocks with their padding, 64 to 448 bytes
 */
export function decodeMessage(bytes: Buffer, envelope: Envelope): Message | MessageFault {
  if (bytes.at(-1) !== PADDING) return 'padding';
  if (!timingSafeEqual(bytes.subarray(0, PASSWORD_SIZE), envelope.password)) return 'password';
  if (bytes.readUInt8(MESSAGE_OFFSET.version) !== VERSION) return 'version';
  if (bytes.readUInt8(MESSAGE_OFFSET.flags) !== 0) return 'flags';
  const code = actionCode(bytes.readUInt16BE(MESSAGE_OFFSET.actionCode));
  if (code !== envelope.actionCode) return 'code';
  const time = readTime(bytes);
  if (time === undefined || minuteOf(time) !== envelope.minute) return 'time';
  const argument = readArgument(bytes);
  if (argument === undefined) return 'argument';
  const fill = bytes.subarray(MESSAGE_OFFSET.argument + bytes.readUInt8(MESSAGE_OFFSET.argumentSize), -1);
  if (fill.some((byte) => byte !== 0)) return 'fill';
  const address = bytes.subarray(MESSAGE_OFFSET.address, MESSAGE_OFFSET.address + ADDRESS_SIZE);
  return {
    actionCode: code,
    duration: bytes.readUInt32BE(MESSAGE_OFFSET.duration),
    time,
    address: address.equals(NO_ADDRESS) ? undefined : Uint8Array.from(address),
    argument,
  };
}

function encodeArgument(argument: string): Uint8Array {
  const bytes = Buffer.from(argument, 'utf8');
  if (bytes.length > ARGUMENT_MAX_SIZE) {
    throw new ProtocolError(
      `argument expected at most ${ARGUMENT_MAX_SIZE} bytes of UTF-8, got ${bytes.length}`,
    );
  }
  if (!argument.isWellFormed() || argument.includes('\0')) {
    throw new ProtocolError('argument expected Unicode text without NUL');
  }
  return bytes;
}

function readTime(bytes: Buffer): number | undefined {
  const time = bytes.readBigUInt64BE(MESSAGE_OFFSET.time);
  return time <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(time) : undefined;
}

function readArgument(bytes: Buffer): string | undefined {
  const size = bytes.readUInt8(MESSAGE_OFFSET.argumentSize);
  const end = MESSAGE_OFFSET.argument + size;
  if (size > ARGUMENT_MAX_SIZE || end > bytes.length - 1) return undefined;
  const argument = bytes.subarray(MESSAGE_OFFSET.argument, end);
  if (argument.includes(0)) return undefined;
  const text = argument.toString('utf8');
  // Decoding replaces what is not UTF-8, so only valid UTF-8 comes back as the same bytes.
  return Buffer.from(text, 'utf8').equals(argument) ? text : undefined;
}
