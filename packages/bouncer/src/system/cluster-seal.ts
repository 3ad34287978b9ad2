import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import type { ClusterGrant } from '../core/cluster-grant.js';
import type { Client } from '../core/policy.js';

/** Tells what is sealed here from all else that keys of clients are used for. */
const LABEL = 'bouncer cluster grant 1';

/** Longest line that is looked at: names of 64 characters, an argument of 64 bytes. */
const MOST_CHARACTERS = 2_048;

const LINE = /^([A-Za-z0-9_-]{43}) (\[.*\])$/;

const fields = v.strictTuple([
  v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
  v.string(),
  v.string(),
  v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  v.string(),
  v.pipe(v.number(), v.safeInteger()),
  v.pipe(v.number(), v.safeInteger()),
  v.boolean(),
]);

/**
 * A grant as one line of text for the store, sealed with a key of its client: only who holds the client's
 * seed can have written it, and that is who could open the same by a packet.
 */
export function sealGrant(grant: ClusterGrant, client: Client): string {
  const { id, action, address, argument, began, end, isRevoked } = grant;
  const text = JSON.stringify([
    id,
    client.name,
    action,
    Buffer.from(address).toString('hex'),
    argument,
    Math.round(began),
    Math.round(end),
    isRevoked,
  ]);
  return `${seal(text, client).toString('base64url')} ${text}`;
}

/**
 * Reads what {@link sealGrant} wrote.
 * @param clientsOf clients of a name: with its present seed, and with the one before
 * @returns `undefined` if it is not that, or was sealed by nobody that is known here
 */
export function openGrant(
  line: string,
  clientsOf: (name: string) => readonly Client[],
): { readonly grant: ClusterGrant; readonly client: Client } | undefined {
  if (line.length > MOST_CHARACTERS) return undefined;
  const [, sum = '', text = ''] = LINE.exec(line) ?? [];
  const { success, output } = v.safeParse(fields, parse(text));
  if (!success) return undefined;
  const [id, name, action, address, argument, began, end, isRevoked] = output;
  const given = Buffer.from(sum, 'base64url');
  const client = clientsOf(name).find((known) => timingSafeEqual(seal(text, known), given));
  if (client === undefined) return undefined;
  const bytes = Uint8Array.from(Buffer.from(address, 'hex'));
  return { client, grant: { id, client: name, action, address: bytes, argument, began, end, isRevoked } };
}

/** The key of clients' passwords makes another key first: what it is used for otherwise are eight bytes. */
function seal(text: string, { keys }: Client): Buffer {
  const key = createHmac('sha256', keys.password).update(LABEL).digest();
  return createHmac('sha256', key).update(text).digest();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // and that is no grant
  }
}
