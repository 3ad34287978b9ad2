import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Grant } from '../core/grants.js';
import { bootId } from './boot-id.js';

/** A grant as it was written, perhaps before the machine was started again. */
export interface StoredGrant {
  readonly grant: Grant;
  /** Whether that was since the machine was started. */
  readonly sameBoot: boolean;
}

const ADDRESS = /^[0-9a-f]{32}$/;

const moment = v.strictObject({ unix: v.number(), monotonic: v.number() });
const range = v.strictObject({ transport: v.picklist(['tcp', 'udp']), first: v.number(), last: v.number() });
const set = v.strictObject({
  family: v.picklist(['inet', 'ip', 'ip6']),
  table: v.string(),
  set: v.string(),
});
const door = v.variant('kind', [
  v.strictObject({ kind: v.literal('ports'), ports: v.array(range) }),
  v.strictObject({ kind: v.literal('sets'), sets: v.array(set) }),
]);
const stop = v.strictObject({
  argv: v.array(v.string()),
  environment: v.record(v.string(), v.string()),
  timeout: v.number(),
});
const record = v.strictObject({
  boot: v.string(),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
  client: v.string(),
  action: v.string(),
  address: v.pipe(v.string(), v.regex(ADDRESS)),
  argument: v.string(),
  means: v.variant('kind', [
    v.strictObject({ kind: v.literal('open'), door }),
    v.strictObject({ kind: v.literal('lease'), stop }),
  ]),
  began: moment,
  end: moment,
});

/** A grant as one line of text: its checksum, a space, and the grant with the boot of its clock as JSON. */
export function encodeGrant({ address, ...grant }: Grant): string {
  const json = JSON.stringify({ boot: bootId(), address: Buffer.from(address).toString('hex'), ...grant });
  return `${checksum(json)} ${json}`;
}

/** Reads what {@link encodeGrant} wrote; `undefined` if it is not that any more. */
export function decodeGrant(line: string): StoredGrant | undefined {
  const [, sum, json = ''] = /^([0-9a-f]{64}) (\{.*\})$/.exec(line) ?? [];
  if (sum !== checksum(json)) return undefined;
  const { success, output } = v.safeParse(record, JSON.parse(json));
  if (!success) return undefined;
  const { boot, address, ...rest } = output;
  return {
    grant: { ...rest, address: Uint8Array.from(Buffer.from(address, 'hex')) },
    sameBoot: boot === bootId(),
  };
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}
