import { randomBytes, randomInt } from 'node:crypto';
import { computeTag, decrypt, encrypt, verifyTag } from './aead.js';
import type { ActionCode } from './action-code.js';
import {
  BLOCK_SIZE,
  CIPHERTEXT_OFFSET,
  HEAD_SIZE,
  IV_SIZE,
  LABEL,
  MAX_BLOCKS,
  MAX_PACKET_SIZE,
  MIN_PACKET_SIZE,
  TAG_SIZE,
} from './constants.js';
import { gateAt, locatorAt, passwordAt, type ClientKeys, type GateSubkey } from './keys.js';
import {
  decodeMessage,
  encodeMessage,
  fewestBlocks,
  minuteOfSealing,
  type Message,
  type MessageFault,
} from './message.js';
import type { Minute } from './minute.js';
import { ProtocolError } from './protocol-error.js';
import type { ServerId } from './server-id.js';

/** What a sender knows of one server. */
export interface Sealer {
  readonly serverId: ServerId;
  readonly gate: GateSubkey;
  readonly client: ClientKeys;
}

/** The random choices of a packet (PROTOCOL.md section 6). */
export interface PacketRandomness {
  /** 16 bytes, never used twice. */
  readonly iv: Uint8Array;
  /** Number of AES blocks, from what the message needs to 28. */
  readonly blocks: number;
}

/** The fields of a packet, views into its bytes (PROTOCOL.md section 4). */
export interface Packet {
  /** 4 bytes, most significant first, as one number. */
  readonly gate: number;
  /** Gate and locator, 12 bytes. */
  readonly head: Buffer;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** The candidate that the locator found: who says to have sealed the packet, when and what for. */
export interface Candidate {
  readonly keys: ClientKeys;
  readonly minute: Minute;
  readonly actionCode: ActionCode;
}

/**
 * Seals a message with the randomness given (PROTOCOL.md section 6). For vectors and tests;
 * {@link seal} chooses the randomness.
 * @returns 124 to 508 bytes
 * @throws {ProtocolError} if a field of the message or of the randomness is outside its range
 */
export function sealWith(sealer: Sealer, message: Message, randomness: PacketRandomness): Uint8Array {
  const { iv, blocks } = randomness;
  if (iv.length !== IV_SIZE) throw new ProtocolError(`iv expected ${IV_SIZE} bytes, got ${iv.length}`);
  const at = minuteOfSealing(message);
  const head = Buffer.concat([gateAt(sealer.gate, at), locatorAt(sealer.client, at, message.actionCode)]);
  const plaintext = encodeMessage(message, passwordAt(sealer.client, at), blocks);
  const ciphertext = encrypt(sealer.client, iv, plaintext);
  const tag = computeTag(sealer.client, associatedData(sealer.serverId, head), iv, ciphertext);
  return Buffer.concat([head, iv, ciphertext, tag]);
}

/**
 * Seals a message into a fresh packet (PROTOCOL.md section 6).
 * @returns 124 to 508 bytes, to be sent at most once
 * @throws {ProtocolError} if a field of the message is outside its range
 */
export function seal(sealer: Sealer, message: Message): Uint8Array {
  return sealWith(sealer, message, {
    iv: randomBytes(IV_SIZE),
    blocks: randomInt(Math.min(fewestBlocks(message.argument), MAX_BLOCKS), MAX_BLOCKS + 1),
  });
}

/** Splits a packet into its fields, or refuses its length (PROTOCOL.md section 7, check 1). */
export function parsePacket(bytes: Uint8Array): Packet | 'length' {
  const { length } = bytes;
  if (length < MIN_PACKET_SIZE || length > MAX_PACKET_SIZE) return 'length';
  if ((length - MIN_PACKET_SIZE) % BLOCK_SIZE !== 0) return 'length';
  return new PacketView(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, length));
}

/** Makes a view of a field when it is asked for: of junk, nobody asks for more than the first ones. */
class PacketView implements Packet {
  readonly gate: number;
  readonly #bytes: Buffer;
  #head: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.gate = bytes.readUInt32BE(0);
  }

  get head(): Buffer {
    return (this.#head ??= this.#bytes.subarray(0, HEAD_SIZE));
  }

  get iv(): Uint8Array {
    return this.#bytes.subarray(HEAD_SIZE, CIPHERTEXT_OFFSET);
  }

  get ciphertext(): Uint8Array {
    return this.#bytes.subarray(CIPHERTEXT_OFFSET, this.#bytes.length - TAG_SIZE);
  }

  get tag(): Uint8Array {
    return this.#bytes.subarray(this.#bytes.length - TAG_SIZE);
  }
}

/** Whether the candidate sealed this packet for this server (PROTOCOL.md section 7, check 4). */
export function authenticate(packet: Packet, id: ServerId, keys: ClientKeys): boolean {
  return verifyTag(keys, associatedData(id, packet.head), packet.iv, packet.ciphertext, packet.tag);
}

/**
 * Decrypts and checks the message of a packet (PROTOCOL.md section 7, checks 7 to 14).
 * Only for packets that {@link authenticate} has found good.
 */
export function openAuthenticated(packet: Packet, candidate: Candidate): Message | MessageFault {
  const { keys, minute, actionCode } = candidate;
  return decodeMessage(decrypt(keys, packet.iv, packet.ciphertext), {
    minute,
    actionCode,
    password: passwordAt(keys, minute),
  });
}

/** A of PROTOCOL.md section 6 step 6, for the server of the call before. */
let known: { readonly id: ServerId; readonly bytes: Buffer; readonly headAt: number } | undefined;

/** A of PROTOCOL.md section 6 step 6. @returns bytes that are valid until the next call */
function associatedData(id: ServerId, head: Uint8Array): Uint8Array {
  if (known?.id !== id) {
    const label = Buffer.from(`${LABEL.packet}\0${id}\0`, 'ascii');
    known = { id, bytes: Buffer.concat([label, head]), headAt: label.length };
  }
  known.bytes.set(head, known.headAt);
  return known.bytes;
}
