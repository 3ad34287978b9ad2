import * as v from 'valibot';
import { parseAddress } from './address.js';
import type { Opening } from './door.js';
import { GUARD_CHAIN, portsOfSet, TRIAL_SET, type GuardSet } from './guard.js';
import type { PortRange } from './port-range.js';

/** The guard's table, as nft shows it. */
export interface GuardListing {
  /** Whether the next guard can be put into this table, so that its elements stay. */
  readonly canStay: boolean;
  readonly sets: readonly GuardSet[];
  readonly openings: readonly Opening[];
  /** Ports that are closed, but for the openings. */
  readonly closed: readonly PortRange[];
  /** Ports that are closed until the trial is over. */
  readonly tried: readonly PortRange[];
  /** Seconds until that, if the guard is on trial. */
  readonly trial: number | undefined;
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
const rule = v.object({ expr: v.array(v.unknown()) });
const port = v.number();
/** Parts of a rule that closes ports: a match and `drop`. On trial there is a condition between them. */
const UNCONDITIONAL = 2;

/** `tcp dport 22` or `tcp dport 8000-8100`. */
const portMatch = v.object({
  match: v.object({
    left: v.object({
      payload: v.object({ protocol: v.picklist(['tcp', 'udp']), field: v.literal('dport') }),
    }),
    right: v.union([port, v.object({ range: v.tuple([port, port]) })]),
  }),
});
const listing = v.object({ nftables: v.array(v.record(v.string(), v.unknown())) });

/**
 * Reads what `nft -j list table` says of the guard's table.
 * @throws {Error} if it is of another form
 */
export function readGuardListing(json: string): GuardListing {
  const objects = v.parse(listing, JSON.parse(json)).nftables.filter((object) => !('metainfo' in object));
  const chains = objects.flatMap((object) => ('chain' in object ? [v.parse(chain, object['chain'])] : []));
  const sets = objects.flatMap((object) => ('set' in object ? [v.parse(set, object['set'])] : []));
  const rules = objects.flatMap((object) => ('rule' in object ? [v.parse(rule, object['rule'])] : []));
  return {
    closed: rules.flatMap(({ expr }) => (expr.length === UNCONDITIONAL ? closedBy(expr) : [])),
    tried: rules.flatMap(({ expr }) => (expr.length === UNCONDITIONAL ? [] : closedBy(expr))),
    trial: trialOf(sets.find(({ name }) => name === TRIAL_SET)?.elem),
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

/** The ports that a rule drops; none if it is of another kind. */
function closedBy(expr: readonly unknown[]): PortRange[] {
  const match = v.safeParse(portMatch, expr[0]);
  if (!match.success || !v.is(v.object({ drop: v.null() }), expr.at(-1))) return [];
  const { left, right } = match.output.match;
  const [first, last] = typeof right === 'number' ? [right, right] : right.range;
  return [{ transport: left.payload.protocol, first, last }];
}

function trialOf(elements: readonly unknown[] | undefined): number | undefined {
  return elements?.reduce<number>((most, found) => {
    const parsed = v.safeParse(element, found);
    return Math.max(most, parsed.success ? (parsed.output.elem.expires ?? 0) : 0);
  }, 0);
}
