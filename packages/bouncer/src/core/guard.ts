import { formatPortRange, type PortRange } from './port-range.js';

/** The guard: what is closed, and what can be opened for single addresses. */
export interface GuardPlan {
  /** Ports that nobody reaches who is in no set. */
  readonly closed: readonly PortRange[];
  /** What actions open, each with sets of its own. */
  readonly openable: readonly PortRange[];
}

/** A guard that is to be confirmed. */
export interface Trial {
  /** What is left of it. */
  readonly seconds: number;
  /** Ports that stay closed whatever comes of it, since they were before. */
  readonly keeps: readonly PortRange[];
}

/** What the config wants of the guard. */
export interface GuardWishes {
  readonly plan: GuardPlan;
  /** Whether the guard stays when bouncer is stopped. */
  readonly staysClosed: boolean;
}

/** The guard's table, as nft names it. Nothing else is ever touched. */
export const GUARD_TABLE = 'inet bouncer';

/** The guard's only chain. */
export const GUARD_CHAIN = 'input';

/** While its elements live, the guard is on trial: when the kernel ends them, nothing is closed. */
export const TRIAL_SET = 'trial';

/** In front of the chains at priority `filter`, which see only what passed here. */
const HOOK = '{ type filter hook input priority -10; policy accept; }';

const FAMILIES = ['ipv4', 'ipv6'] as const;

export type AddressFamily = (typeof FAMILIES)[number];

/** A set of the guard. */
export interface GuardSet {
  readonly name: string;
  /** What its elements are, as nft names it. */
  readonly type: string;
}

/** The name of the set that lets addresses of a family through to ports. */
export function setOf({ transport, first, last }: PortRange, family: AddressFamily): string {
  return [transport, first, ...(last === first ? [] : [last]), family].join('_');
}

/** The ports that a set lets addresses through to; `undefined` if the guard has no such sets. */
export function portsOfSet(name: string): PortRange | undefined {
  const [, transport, first, last = first] = /^(tcp|udp)_(\d+)(?:_(\d+))?_ipv[46]$/.exec(name) ?? [];
  return transport === 'tcp' || transport === 'udp'
    ? { transport, first: Number(first), last: Number(last) }
    : undefined;
}

/** All sets that a plan needs. */
export function setsOf({ openable }: GuardPlan, onTrial: boolean): GuardSet[] {
  const sets = unique(openable).flatMap((ports) =>
    FAMILIES.map((family) => ({ name: setOf(ports, family), type: `${family}_addr` })),
  );
  return onTrial ? [...sets, { name: TRIAL_SET, type: 'inet_proto' }] : sets;
}

/**
 * The lines for nft, one transaction, that put the guard in place. Sets that stay keep their elements,
 * and no port is open in between.
 * @param present sets of the guard that is there already; without one, the table is made anew
 * @param trial after which the plan's ports are closed no more, unless the guard is put in place again
 */
export function guardLines(
  plan: GuardPlan,
  present: readonly GuardSet[] | undefined,
  trial: Trial | undefined,
): string[] {
  const onTrial = trial !== undefined;
  const sets = setsOf(plan, onTrial);
  const stale = (present ?? []).filter(({ name }) => !sets.some((set) => set.name === name));
  const condition = onTrial ? `meta l4proto @${TRIAL_SET} ` : '';
  const kept = unique(trial?.keeps ?? []);
  const tried = unique(plan.closed).filter((ports) => !kept.some((other) => sameRange(ports, other)));
  return [
    ...(present === undefined ? removeLines() : []),
    `add table ${GUARD_TABLE}`,
    `add chain ${GUARD_TABLE} ${GUARD_CHAIN} ${HOOK}`,
    `flush table ${GUARD_TABLE}`,
    ...stale.map(({ name }) => `delete set ${GUARD_TABLE} ${name}`),
    ...sets.map(({ name, type }) => `add set ${GUARD_TABLE} ${name} { type ${type}; flags timeout; }`),
    ...(onTrial
      ? ['tcp', 'udp'].flatMap((transport) =>
          openLines([`${GUARD_TABLE} ${TRIAL_SET}`], transport, trial.seconds),
        )
      : []),
    ...[
      'iif lo accept',
      'ct state established,related accept',
      ...unique(plan.openable).flatMap((ports) => [
        `${match(ports)} ip saddr @${setOf(ports, 'ipv4')} accept`,
        `${match(ports)} ip6 saddr @${setOf(ports, 'ipv6')} accept`,
      ]),
      ...kept.map((ports) => `${match(ports)} drop`),
      ...tried.map((ports) => `${match(ports)} ${condition}drop`),
    ].map((rule) => `add rule ${GUARD_TABLE} ${GUARD_CHAIN} ${rule}`),
  ];
}

/** The lines that take the guard away, whether or not it is there. */
export function removeLines(): string[] {
  return [`add table ${GUARD_TABLE}`, `delete table ${GUARD_TABLE}`];
}

/**
 * The lines that put an element into sets for a time from now. An element that is there already keeps
 * its timeout when it is added again, and one that is not cannot be deleted: hence the three.
 * @param sets family, table and set of each
 * @param seconds up to LONGEST_OPENING, to the millisecond
 */
export function openLines(sets: readonly string[], element: string, seconds: number): string[] {
  return sets.flatMap((set) => {
    const add = `add element ${set} { ${element} timeout ${timeout(seconds)} }`;
    return [add, `delete element ${set} { ${element} }`, add];
  });
}

/** The lines that take an element out of sets, whether or not it is in them. */
export function closeLines(sets: readonly string[], element: string): string[] {
  return sets.flatMap((set) => [
    `add element ${set} { ${element} timeout 1s }`,
    `delete element ${set} { ${element} }`,
  ]);
}

/** Those of the ports that are not all closed: to open them would change nothing. */
export function unguarded(closed: readonly PortRange[], ports: readonly PortRange[]): PortRange[] {
  return ports.filter(({ transport, first, last }) => {
    let next = first;
    const ranges = closed.filter((range) => range.transport === transport).sort((a, b) => a.first - b.first);
    for (const range of ranges) {
      if (range.first > next) break;
      next = Math.max(next, range.last + 1);
    }
    return next <= last;
  });
}

function match({ transport, first, last }: PortRange): string {
  return `${transport} dport ${first === last ? first : `${first}-${last}`}`;
}

function sameRange(a: PortRange, b: PortRange): boolean {
  return formatPortRange(a) === formatPortRange(b);
}

function timeout(seconds: number): string {
  const milliseconds = Math.max(1, Math.round(seconds * 1_000));
  const rest = milliseconds % 1_000;
  return `${Math.trunc(milliseconds / 1_000)}s${rest === 0 ? '' : `${rest}ms`}`;
}

function unique(ranges: readonly PortRange[]): PortRange[] {
  return [...new Map(ranges.map((ports) => [formatPortRange(ports), ports])).values()];
}
