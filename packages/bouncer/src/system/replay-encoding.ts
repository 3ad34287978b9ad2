import { minute, type Minute } from '@bouncer-spa/protocol';

/**
 * Key of floor, number of records so far (8 bytes each) and the fingerprints of tags and grants (32 each),
 * there from the making on.
 */
export const SUMMARY_KEY = Buffer.of(0);
export const SUMMARY_SIZE = 80;

/** A tag's key: this byte, its minute (8 bytes) and the 32 bytes of the tag. */
export const TAG_KIND = 1;
export const TAG_OFFSET = 9;

/** A grant's key: this byte and its id. */
export const GRANT_KIND = 2;

export function tagKey(at: Minute, tag: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.of(TAG_KIND), encodeNumber(at), tag]);
}

export function grantKey(id: string): Buffer {
  return Buffer.concat([Buffer.of(GRANT_KIND), Buffer.from(id, 'latin1')]);
}

export function encodeSummary(floor: Minute, records: number, fingerprints: readonly Buffer[]): Buffer {
  return Buffer.concat([encodeNumber(floor), encodeNumber(records), ...fingerprints]);
}

function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** The minute in the first 8 bytes. */
export function decodeMinute(bytes: Buffer): Minute {
  return minute(Number(bytes.readBigUInt64BE()));
}
