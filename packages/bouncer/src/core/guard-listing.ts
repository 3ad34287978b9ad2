import * as v from 'valibot';
import { parseAddress } from './address.js';
import type { Opening } from './door.js';
import { GUARD_CHAIN, portsOfSet, type GuardSet } from './guard.js';

/** The guard's table, as nft shows it. */
export interface GuardListing {
  /** Whether the next guard can be put into this table, so that its elements stay. */
  readonly canStay: boolean;
  readonly sets: readonly GuardSet[];
  readonly openings: readonly Opening[];
  /** Everything but the elements: equal as long as nobody has changed it. */
  readonly shape: string;
}

const set = v.object({
  name: v.string(),
  type: v.unknown(),
  flags: v.optional(v.unknown()),
  elem: v.optional(v.array(v.unknown()), []),
});
const element = v.object({ elem: v.object({ val: v.string(), expires: v.optional(v.number()) }) });
const chain = v.object({ name: v.string() });
const listing = v.object({ nftables: v.array(v.record(v.string(), v.unknown())) });

/**
 * Reads what `nft -j list table` says of the guard's table.
 * @throws {Error} if it is of another form
 */
export function readGuardListing(json: string): GuardListing {
  const objects = v.parse(listing, JSON.parse(json)).nftables.filter((object) => !('metainfo' in object));
  const chains = objects.flatMap((object) => ('chain' in object ? [v.parse(chain, object['chain'])] : []));
  const sets = objects.flatMap((object) => ('set' in object ? [v.parse(set, object['set'])] : []));
  return {
    canStay:
      chains.every(({ name }) => name === GUARD_CHAIN) &&
      sets.every(({ flags }) => Array.isArray(flags) && flags.length === 1 && flags[0] === 'timeout'),
    sets: sets.map(({ name, type }) => ({ name, type: String(type) })),
    openings: sets.flatMap(({ name, elem }) => elem.flatMap((found) => opening(name, found))),
    shape: JSON.stringify(objects, (key, value: unknown) =>
      key === 'handle' || key === 'elem' ? undefined : value,
    ),
  };
}

function opening(name: string, found: unknown): Opening[] {
  const ports = portsOfSet(name);
  // Without a timeout it is the bare address: put there by somebody else, for ever.
  const { elem } =
    typeof found === 'string' ? { elem: { val: found, expires: undefined } } : v.parse(element, found);
  const address = parseAddress(elem.val);
  return ports && address ? [{ ports, address, seconds: elem.expires ?? Infinity }] : [];
}
