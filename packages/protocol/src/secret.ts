import { SECRET_SIZE } from './constants.js';
import { ProtocolError } from './protocol-error.js';

declare const brand: unique symbol;

/** The secret of one client: 32 random bytes (PROTOCOL.md section 2). */
export type Seed = Uint8Array & { readonly [brand]: 'Seed' };

/** The secret of a server that all its clients hold: 32 random bytes (PROTOCOL.md section 2). */
export type GateKey = Uint8Array & { readonly [brand]: 'GateKey' };

/**
 * Checks and copies the bytes of a seed.
 * @throws {ProtocolError} if they are not 32 bytes
 */
export function seed(bytes: Uint8Array): Seed {
  return secret('seed', bytes) as Seed;
}

/**
 * Checks and copies the bytes of a gate key.
 * @throws {ProtocolError} if they are not 32 bytes
 */
export function gateKey(bytes: Uint8Array): GateKey {
  return secret('gate key', bytes) as GateKey;
}

/**
 * Reads a seed from its text form: 64 hexadecimal digits, optionally a line feed.
 * @throws {ProtocolError} if the text is anything else; the message never repeats the text
 */
export function parseSeed(text: string): Seed {
  return parseSecret('seed', text) as Seed;
}

/**
 * Reads a gate key from its text form: 64 hexadecimal digits, optionally a line feed.
 * @throws {ProtocolError} if the text is anything else; the message never repeats the text
 */
export function parseGateKey(text: string): GateKey {
  return parseSecret('gate key', text) as GateKey;
}

// Small buffers share a larger one. With memory of its own each, 100,000 seeds took 39 MB.

function secret(what: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== SECRET_SIZE) {
    throw new ProtocolError(`${what} expected ${SECRET_SIZE} bytes, got ${bytes.length}`);
  }
  return Buffer.from(bytes);
}

function parseSecret(what: string, text: string): Uint8Array {
  const digits = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (!/^[0-9A-Fa-f]*$/.test(digits)) {
    throw new ProtocolError(`${what} expected ${SECRET_SIZE * 2} hexadecimal digits, got other characters`);
  }
  if (digits.length !== SECRET_SIZE * 2) {
    throw new ProtocolError(`${what} expected ${SECRET_SIZE * 2} hexadecimal digits, got ${digits.length}`);
  }
  return Buffer.from(digits, 'hex');
}
