import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { TAG_SIZE } from './constants.js';
import { shortHmac } from './short-hmac.js';

/** The two halves of an A256CBC-HS512 key, 32 bytes each (RFC 7518 section 5.2.2.1). */
export interface AeadKey {
  readonly mac: Uint8Array;
  readonly encryption: Uint8Array;
}

/** Written anew for each tag, since junk is to cost little: AL of RFC 7518, 64 bits, and what a tag has to be. */
const BIT_LENGTH = Buffer.alloc(8);
const EXPECTED_TAG = Buffer.alloc(TAG_SIZE);

/** AES-256-CBC with PKCS#7 padding. @returns whole blocks, one to sixteen bytes longer than the plaintext */
export function encrypt(key: AeadKey, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-cbc', key.encryption, iv);
  return Buffer.concat([cipher.update(plaintext), cipher.final()]);
}

/**
 * AES-256-CBC without the removal of padding, which is the caller's to judge after the tag.
 * @param ciphertext one or more whole blocks, already authenticated
 * @returns as many bytes as the ciphertext has, padding included
 */
export function decrypt(key: AeadKey, iv: Uint8Array, ciphertext: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key.encryption, iv).setAutoPadding(false);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/**
 * The authentication tag of A256CBC-HS512, 32 bytes (RFC 7518 section 5.2.2.1 steps 4 to 6).
 * @param ciphertext whole blocks of 16 bytes
 */
export function computeTag(
  key: AeadKey,
  associatedData: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  return Buffer.from(tagText(key, associatedData, iv, ciphertext), 'latin1').subarray(0, TAG_SIZE);
}

/** Whether the tag is the right one, in time that does not depend on where it differs. */
export function verifyTag(
  key: AeadKey,
  associatedData: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): boolean {
  if (tag.length !== TAG_SIZE) return false;
  EXPECTED_TAG.write(tagText(key, associatedData, iv, ciphertext), 0, TAG_SIZE, 'latin1');
  return timingSafeEqual(EXPECTED_TAG, tag);
}

/** The tag, uncut, as characters of one byte each. */
function tagText(key: AeadKey, associatedData: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): string {
  BIT_LENGTH.writeUInt32BE(associatedData.length * 8, 4);
  return shortHmac('sha512', key.mac, associatedData, iv, ciphertext, BIT_LENGTH);
}
