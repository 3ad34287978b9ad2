import { GATE_SIZE, LABEL, LOCATOR_SIZE, PASSWORD_SIZE } from './constants.js';
import type { ActionCode } from './action-code.js';
import type { Minute } from './minute.js';
import type { GateKey, Seed } from './secret.js';
import type { ServerId } from './server-id.js';
import { shortHmac } from './short-hmac.js';

/** Size in bytes of each half of the packet key. */
const HALF = 32;

/** u64(m) || u16(c), written anew for each locator. */
const LOCATOR_INPUT = Buffer.alloc(10);

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
  return Buffer.from(shortHmac(hash, secret, Buffer.concat([info, Uint8Array.of(1)])), 'latin1');
}

/** Derives K_gate from a server's gate key. */
export function deriveGateSubkey(key: GateKey, id: ServerId): GateSubkey {
  return subkey(key, inputOf(LABEL.gate, id));
}

/**
 * A client's sub-keys of its seed, for one server. Each is derived when it is first asked for: of
 * thousands of clients, few send at any time.
 */
export function deriveClientKeys(clientSeed: Seed, id: ServerId): ClientKeys {
  if (latestInputs?.id !== id) latestInputs = inputsFor(id);
  return new DerivedKeys(clientSeed, latestInputs);
}

/** What a client's sub-keys are derived of, besides its seed. */
interface Inputs {
  readonly id: ServerId;
  readonly locator: Uint8Array;
  readonly password: Uint8Array;
  readonly packet: Uint8Array;
}

/** All clients of a server share them: 100,000 in a row are derived in half of the time. */
let latestInputs: Inputs | undefined;

function inputsFor(id: ServerId): Inputs {
  return {
    id,
    locator: inputOf(LABEL.locator, id),
    password: inputOf(LABEL.password, id),
    packet: inputOf(LABEL.packet, id),
  };
}

class DerivedKeys implements ClientKeys {
  readonly #seed: Seed;
  readonly #inputs: Inputs;
  #packet: Uint8Array | undefined;
  #password: Uint8Array | undefined;

  constructor(clientSeed: Seed, inputs: Inputs) {
    this.#seed = clientSeed;
    this.#inputs = inputs;
  }

  /** Not kept: a sender needs it once, and a verifier keeps those of all clients in one place. */
  get locator(): Uint8Array {
    return subkey(this.#seed, this.#inputs.locator);
  }

  get password(): Uint8Array {
    this.#password ??= subkey(this.#seed, this.#inputs.password);
    return this.#password;
  }

  get mac(): Uint8Array {
    return this.#packetKey.subarray(0, HALF);
  }

  get encryption(): Uint8Array {
    return this.#packetKey.subarray(HALF);
  }

  get #packetKey(): Uint8Array {
    this.#packet ??= subkey(this.#seed, this.#inputs.packet);
    return this.#packet;
  }
}

/** gate(m), 4 bytes: the first field of every packet of this minute. */
export function gateAt(key: GateSubkey, at: Minute): Uint8Array {
  return Buffer.from(shortHmac('sha256', key, encodeMinute(at)), 'latin1').subarray(0, GATE_SIZE);
}

/** locator(m, c), 8 bytes: the second field of a client's packets for one action in this minute. */
export function locatorAt(keys: ClientKeys, at: Minute, code: ActionCode): Uint8Array {
  return Buffer.from(locatorText(keys.locator, at, code), 'latin1');
}

/**
 * locator(m, c) as 8 characters of one byte each.
 * @param key K_locator, 64 bytes
 */
export function locatorText(key: Uint8Array, at: Minute, code: ActionCode): string {
  LOCATOR_INPUT.writeUInt32BE(Math.floor(at / 2 ** 32), 0);
  LOCATOR_INPUT.writeUInt32BE(at % 2 ** 32, 4);
  LOCATOR_INPUT.writeUInt16BE(code, 8);
  return shortHmac('sha256', key, LOCATOR_INPUT).slice(0, LOCATOR_SIZE);
}

/** password(m), 16 bytes: the client's password that changes every minute. */
export function passwordAt(keys: ClientKeys, at: Minute): Uint8Array {
  const mac = shortHmac('sha256', keys.password, encodeMinute(at));
  return Buffer.from(mac, 'latin1').subarray(0, PASSWORD_SIZE);
}

/** What HKDF-Expand hashes for its first block, with the label and the server id as info. */
function inputOf(label: string, id: ServerId): Uint8Array {
  return Buffer.from(`${label}\0${id}\x01`, 'latin1');
}

function subkey(secret: Uint8Array, input: Uint8Array): Uint8Array {
  return Buffer.from(shortHmac('sha512', secret, input), 'latin1');
}

function encodeMinute(at: Minute): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt(at));
  return bytes;
}
