import { createHash, randomBytes, scryptSync } from 'node:crypto';
import { computeTag, decrypt, encrypt, verifyTag, type AeadKey } from './aead.js';
import { BLOCK_SIZE, IV_SIZE, SECRET_SIZE, TAG_SIZE } from './constants.js';
import { ProtocolError } from './protocol-error.js';
import { gateKey, seed, type GateKey, type Seed } from './secret.js';

/** What one client needs for one server (docs/bundle.md). */
export interface Bundle {
  readonly gateKey: GateKey;
  readonly seed: Seed;
  /** All of a profile but its secrets: TOML, 1 to 1024 bytes of UTF-8. */
  readonly profile: string;
}

/** A bundle that only a passphrase opens. */
export interface SealedBundle {
  readonly salt: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** What an encrypted bundle needs that nobody can foresee. */
export interface BundleRandomness {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** 16 bytes. */
  readonly iv: Uint8Array;
}

/** Why a text is no bundle (docs/bundle.md section 4). */
export type BundleFault = 'scheme' | 'encoding' | 'form' | 'length' | 'check' | 'profile' | 'passphrase';

const SCHEME = 'bouncer:';

/** The first byte (docs/bundle.md sections 2 and 3). */
const FORM = { plain: 1, encrypted: 2 } as const;

const SECRETS_SIZE = 2 * SECRET_SIZE;
const CHECK_SIZE = 8;
const PROFILE_MAX_SIZE = 1024;
const SALT_SIZE = 16;
const IV_OFFSET = 1 + SALT_SIZE;
const CIPHERTEXT_OFFSET = IV_OFFSET + IV_SIZE;

/** scrypt, RFC 7914: 128 MiB, and some half a second. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 } as const;
const LABEL = 'bouncer/1 bundle';

/** Size in characters above which a text is no bundle, whatever white space is in it. */
export const BUNDLE_MAX_SIZE = 4096;

/** Whether a text is meant as a bundle's URI. */
export function isBundle(text: string): boolean {
  return text.trimStart().slice(0, SCHEME.length).toLowerCase() === SCHEME;
}

/**
 * Writes a bundle as URI that whoever reads it can use.
 * @throws {ProtocolError} if the profile is empty or too long
 */
export function writeBundle(bundle: Bundle): string {
  const bytes = Buffer.concat([Buffer.of(FORM.plain), contentOf(bundle)]);
  return uriOf(bytes, checkOf(bytes));
}

/**
 * Writes a bundle as URI that only the passphrase opens. Takes some half a second.
 * @throws {ProtocolError} if the profile is empty or too long, or the passphrase empty
 */
export function sealBundle(bundle: Bundle, passphrase: string): string {
  return sealBundleWith(bundle, passphrase, { salt: randomBytes(SALT_SIZE), iv: randomBytes(IV_SIZE) });
}

/** As {@link sealBundle}, with randomness that is given, for tests against vectors. */
export function sealBundleWith(bundle: Bundle, passphrase: string, { salt, iv }: BundleRandomness): string {
  const content = contentOf(bundle);
  const key = keyOf(passphrase, salt);
  const ciphertext = encrypt(key, iv, content);
  const tag = computeTag(key, associatedData(salt), iv, ciphertext);
  return uriOf(Buffer.of(FORM.encrypted), salt, iv, ciphertext, tag);
}

/** Reads the URI of a bundle; white space in it does not count. */
export function readBundle(text: string): Bundle | SealedBundle | BundleFault {
  if (!isBundle(text)) return 'scheme';
  if (text.length > BUNDLE_MAX_SIZE) return 'length';
  const digits = text.replaceAll(/\s/g, '').slice(SCHEME.length);
  const bytes = Buffer.from(digits, 'base64url');
  // Buffer passes over what is not base64url, which could hide damage.
  if (bytes.toString('base64url') !== digits) return 'encoding';
  switch (bytes[0]) {
    case FORM.plain:
      return readPlain(bytes);
    case FORM.encrypted:
      return readSealed(bytes);
    case undefined:
      return 'length';
    default:
      return 'form';
  }
}

/** Opens a bundle. Takes some half a second. */
export function openBundle(sealed: SealedBundle, passphrase: string): Bundle | BundleFault {
  const { salt, iv, ciphertext, tag } = sealed;
  const key = keyOf(passphrase, salt);
  if (!verifyTag(key, associatedData(salt), iv, ciphertext, tag)) return 'passphrase';
  const padded = decrypt(key, iv, ciphertext);
  // Authentic, so a padding that is not PKCS#7 was made so.
  const padding = padded.at(-1) ?? 0;
  const end = padded.length - padding;
  if (padding < 1 || padding > BLOCK_SIZE || padded.subarray(end).some((byte) => byte !== padding)) {
    return 'length';
  }
  return readContent(padded.subarray(0, end));
}

/** The profile with its secrets in it, in TOML, as `opener` reads it. Has to be kept like a seed. */
export function bundleProfile(bundle: Bundle): string {
  const hex = (secret: Uint8Array) => Buffer.from(secret).toString('hex');
  return `gate_key = "${hex(bundle.gateKey)}"\nseed = "${hex(bundle.seed)}"\n${bundle.profile}`;
}

function contentOf(bundle: Bundle): Uint8Array {
  const profile = Buffer.from(bundle.profile, 'utf8');
  if (profile.length === 0 || profile.length > PROFILE_MAX_SIZE) {
    throw new ProtocolError(`profile expected 1 to ${PROFILE_MAX_SIZE} bytes, got ${profile.length}`);
  }
  return Buffer.concat([bundle.gateKey, bundle.seed, profile]);
}

function readContent(content: Buffer): Bundle | BundleFault {
  const size = content.length - SECRETS_SIZE;
  if (size < 1 || size > PROFILE_MAX_SIZE) return 'length';
  try {
    return {
      gateKey: gateKey(content.subarray(0, SECRET_SIZE)),
      seed: seed(content.subarray(SECRET_SIZE, SECRETS_SIZE)),
      profile: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        content.subarray(SECRETS_SIZE),
      ),
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return 'profile';
  }
}

function readPlain(bytes: Buffer): Bundle | BundleFault {
  const end = bytes.length - CHECK_SIZE;
  if (end < 1 + SECRETS_SIZE) return 'length';
  if (!checkOf(bytes.subarray(0, end)).equals(bytes.subarray(end))) return 'check';
  return readContent(bytes.subarray(1, end));
}

function readSealed(bytes: Buffer): SealedBundle | BundleFault {
  const end = bytes.length - TAG_SIZE;
  const size = end - CIPHERTEXT_OFFSET;
  if (size < SECRETS_SIZE + BLOCK_SIZE || size % BLOCK_SIZE !== 0) return 'length';
  return {
    salt: bytes.subarray(1, IV_OFFSET),
    iv: bytes.subarray(IV_OFFSET, CIPHERTEXT_OFFSET),
    ciphertext: bytes.subarray(CIPHERTEXT_OFFSET, end),
    tag: bytes.subarray(end),
  };
}

/** Finds damage; proves nothing. */
function checkOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECK_SIZE);
}

function keyOf(passphrase: string, salt: Uint8Array): AeadKey {
  if (passphrase === '') throw new ProtocolError('passphrase expected a text that is not empty');
  // The same text typed on another keyboard can be other bytes.
  const key = scryptSync(passphrase.normalize('NFC'), salt, SECRETS_SIZE, SCRYPT);
  return { mac: key.subarray(0, SECRET_SIZE), encryption: key.subarray(SECRET_SIZE) };
}

function associatedData(salt: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(LABEL, 'ascii'), Buffer.of(FORM.encrypted), salt]);
}

function uriOf(...parts: readonly Uint8Array[]): string {
  return SCHEME + Buffer.concat(parts).toString('base64url');
}
