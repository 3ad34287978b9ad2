import { createHmac } from 'node:crypto';
import { GATE_SIZE, LABEL, LOCATOR_SIZE, PASSWORD_SIZE } from './constants.js';
import type { ActionCode } from './action-code.js';
import type { Minute } from './minute.js';
import type { GateKey, Seed } from './secret.js';
import type { ServerId } from './server-id.js';

/** Size in bytes of each half of the packet key. */
const HALF = 32;

/** What a verifier or sender derives from one seed for one server (PROTOCOL.md section 3). */
export interface ClientKeys {
  /** K_locator, 64 bytes. */
  readonly locator: Uint8Array;
  /** K_password, 64 bytes. */
  readonly password: Uint8Array;
  /** K_mac, 32 bytes. */
  readonly mac: Uint8Array;
  /** K_enc, 32 bytes. */
  readonly encryption: Uint8Array;
}

/** The gate's sub-key of one server, 64 bytes (PROTOCOL.md section 3). */
export type GateSubkey = Uint8Array;

/**
 * The first block of HKDF-Expand (RFC 5869 section 2.3): T(1) = HMAC(secret, info || 0x01).
 * @returns as many bytes as the hash has: 64 for SHA-512, the protocol's own
 */
export function expandOneBlock(hash: 'sha512' | 'sha256', secret: Uint8Array, info: Uint8Array): Uint8Array {
  return createHmac(hash, secret).update(info).update(Uint8Array.of(1)).digest();
}

/** Derives K_gate from a server's gate key. */
export function deriveGateSubkey(key: GateKey, id: ServerId): GateSubkey {
  return subkey(key, LABEL.gate, id);
}

/** Derives a client's sub-keys from its seed, for one server. */
export function deriveClientKeys(clientSeed: Seed, id: ServerId): ClientKeys {
  const packet = subkey(clientSeed, LABEL.packet, id);
  return {
    locator: subkey(clientSeed, LABEL.locator, id),
    password: subkey(clientSeed, LABEL.password, id),
    mac: packet.subarray(0, HALF),
    encryption: packet.subarray(HALF),
  };
}

/** gate(m), 4 bytes: the first field of every packet of this minute. */
export function gateAt(key: GateSubkey, at: Minute): Uint8Array {
  return createHmac('sha256', key).update(encodeMinute(at)).digest().subarray(0, GATE_SIZE);
}

/** locator(m, c), 8 bytes: the second field of a client's packets for one action in this minute. */
export function locatorAt(keys: ClientKeys, at: Minute, code: ActionCode): Uint8Array {
  const data = Buffer.allocUnsafe(10);
  data.writeBigUInt64BE(BigInt(at), 0);
  data.writeUInt16BE(code, 8);
  return createHmac('sha256', keys.locator).update(data).digest().subarray(0, LOCATOR_SIZE);
}

/** password(m), 16 bytes: the client's password that changes every minute. */
export function passwordAt(keys: ClientKeys, at: Minute): Uint8Array {
  return createHmac('sha256', keys.password).update(encodeMinute(at)).digest().subarray(0, PASSWORD_SIZE);
}

function subkey(secret: Uint8Array, label: string, id: ServerId): Uint8Array {
  return expandOneBlock('sha512', secret, Buffer.from(`${label}\0${id}`, 'ascii'));
}

function encodeMinute(at: Minute): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt(at));
  return bytes;
}
