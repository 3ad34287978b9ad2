/** Constants of the specification (PROTOCOL.md). Nothing here is a setting. */

/** Protocol version, message byte 16 (section 5). */
export const VERSION = 1;

/** Labels of the sub-keys and of the associated data (sections 3 and 6). */
export const LABEL = {
  gate: 'bouncer/1 gate',
  locator: 'bouncer/1 locator',
  password: 'bouncer/1 password',
  packet: 'bouncer/1 packet',
} as const;

/** Sizes in bytes of what sender and verifier share (section 2). */
export const SECRET_SIZE = 32;
export const SERVER_ID_MAX_SIZE = 64;

/** Sizes in bytes of the packet's fields (section 4). */
export const GATE_SIZE = 4;
export const LOCATOR_SIZE = 8;
export const HEAD_SIZE = GATE_SIZE + LOCATOR_SIZE;
export const BLOCK_SIZE = 16;
export const IV_SIZE = BLOCK_SIZE;
export const TAG_SIZE = 32;

/** Number of AES blocks in a packet (section 4). */
export const MIN_BLOCKS = 4;
export const MAX_BLOCKS = 28;

/** Offset in bytes of the ciphertext in a packet (section 4). */
export const CIPHERTEXT_OFFSET = HEAD_SIZE + IV_SIZE;

/** Size in bytes of the smallest and the largest packet (section 4). */
export const MIN_PACKET_SIZE = CIPHERTEXT_OFFSET + MIN_BLOCKS * BLOCK_SIZE + TAG_SIZE;
export const MAX_PACKET_SIZE = CIPHERTEXT_OFFSET + MAX_BLOCKS * BLOCK_SIZE + TAG_SIZE;

/** Offsets in bytes of the message's fields (section 5). */
export const MESSAGE_OFFSET = {
  password: 0,
  version: 16,
  flags: 17,
  actionCode: 18,
  duration: 20,
  time: 24,
  address: 32,
  argumentSize: 48,
  argument: 49,
} as const;

/** Sizes in bytes of the message's fields of more than one byte (section 5). */
export const PASSWORD_SIZE = 16;
export const ADDRESS_SIZE = 16;
export const ARGUMENT_MAX_SIZE = 64;

/** Largest delta that a verifier may choose, in minutes (section 2). */
export const MAX_DELTA = 10;
