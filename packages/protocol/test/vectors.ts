import { readFileSync } from 'node:fs';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  parseGateKey,
  parseSeed,
  serverId,
  type Message,
  type PacketRandomness,
  type Sealer,
} from '@bouncer-spa/protocol';

/** A case of test/vectors/positive.json. Byte strings are hexadecimal. */
export interface PositiveCase {
  readonly name: string;
  readonly input: {
    readonly serverId: string;
    readonly gateKey: string;
    readonly seed: string;
    readonly actionCode: number;
    readonly durationSeconds: number;
    readonly address: string;
    readonly argument: string;
    readonly timeMs: number;
    readonly iv: string;
    readonly blocks: number;
  };
  readonly keys: Readonly<Record<'gate' | 'locator' | 'password' | 'packet', string>>;
  readonly minute: number;
  readonly gate: string;
  readonly locator: string;
  readonly password: string;
  readonly message: string;
  readonly associatedData: string;
  readonly ciphertext: string;
  readonly tag: string;
  readonly packet: string;
  readonly base64: string;
}

/** A case of test/vectors/negative.json, as far as the protocol package is concerned. */
export interface NegativeCase {
  readonly name: string;
  readonly reason: string;
  readonly packet: string;
}

/** A case of test/vectors/published.json: RFC 7518 or RFC 5869. */
export type PublishedCase =
  | ({ readonly name: string; readonly algorithm: 'AEAD_AES_256_CBC_HMAC_SHA_512' } & Readonly<
      Record<'K' | 'MAC_KEY' | 'ENC_KEY' | 'P' | 'IV' | 'A' | 'AL' | 'E' | 'M' | 'T', string>
    >)
  | ({ readonly name: string; readonly algorithm: 'HKDF-Expand-SHA-256' } & Readonly<
      Record<'PRK' | 'info' | 'OKM', string>
    >);

export const positiveCases = readCases('positive') as readonly PositiveCase[];
export const negativeCases = readCases('negative') as readonly NegativeCase[];
export const publishedCases = readCases('published') as readonly PublishedCase[];

/** The case with this name. */
export function positiveCase(name: string): PositiveCase {
  const found = positiveCases.find((known) => known.name === name);
  if (found === undefined) throw new Error(`no positive case ${name}`);
  return found;
}

export function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The sender of a positive case. */
export function sealerOf({ input }: PositiveCase): Sealer {
  const id = serverId(input.serverId);
  return {
    serverId: id,
    gate: deriveGateSubkey(parseGateKey(input.gateKey), id),
    client: deriveClientKeys(parseSeed(input.seed), id),
  };
}

/** The message of a positive case. */
export function messageOf({ input, message }: PositiveCase): Message {
  return {
    actionCode: actionCode(input.actionCode),
    duration: input.durationSeconds,
    time: input.timeMs,
    // The generator has read the address already: bytes 32 to 47 of the message.
    address: input.address === '' ? undefined : Uint8Array.from(hex(message).subarray(32, 48)),
    argument: input.argument,
  };
}

export function randomnessOf({ input }: PositiveCase): PacketRandomness {
  return { iv: hex(input.iv), blocks: input.blocks };
}

function readCases(name: string): unknown {
  const file = new URL(`../../../../test/vectors/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: unknown }).cases;
}
