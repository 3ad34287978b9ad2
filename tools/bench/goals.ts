import type { ContenderName, JunkKind } from './contender.js';
import type { ClientsRow, FloodRow, Results } from './results.js';
import { spread } from './statistics.js';

/** One goal, and what was measured. */
export interface Goal {
  readonly what: string;
  /** Where `measured` has to be: at most or at least there. */
  readonly bound: 'at most' | 'at least';
  readonly goal: number;
  readonly measured: number;
  readonly unit: Unit;
}

export type Unit = 'times' | '%' | 'packets';

export function isReached({ bound, goal, measured }: Goal): boolean {
  return bound === 'at most' ? measured <= goal : measured >= goal;
}

/** The goals of which the results say something. */
export function goalsOf(results: Results): Goal[] {
  return [
    ...latencyGoals(results),
    ...floodGoals(results),
    ...clientGoals(results),
    ...idleGoals(results),
    ...memoryGoals(results),
    ...openerGoals(results),
    ...startGoals(results),
  ];
}

const median = (values: readonly number[] | undefined): number =>
  values === undefined || values.length === 0 ? NaN : spread(values).median;

const times = (what: string, bound: Goal['bound'], goal: number, measured: number): Goal => ({
  what,
  bound,
  goal,
  measured,
  unit: 'times',
});

function latencyGoals({ latency }: Results): Goal[] {
  if (latency === undefined) return [];
  const of = (name: ContenderName): number =>
    median(latency.find(({ contender }) => contender === name)?.milliseconds);
  const own = of('bouncer');
  return [
    times(
      'acceptance, median, to bare Node with a durable record',
      'at most',
      1.3,
      own / of('floor-node-durable'),
    ),
    times('acceptance, median, quicker than fwknopd', 'at least', 25, of('fwknopd') / own),
    times('acceptance, median, quicker than knockd', 'at least', 12, of('knockd') / own),
  ];
}

function floodGoals({ flood }: Results): Goal[] {
  if (flood === undefined) return [];
  const rows = (junk: readonly JunkKind[], rate: number): FloodRow[] =>
    flood.filter((row) => row.contender === 'bouncer' && junk.includes(row.junk) && row.rate === rate);
  const without = rows(['random', 'right length'], 300_000);
  const sniffed = rows(['sniffed gate and locator'], 100_000);
  return [
    ...worstAcceptance('junk without the gate, 300k/s: valid packets accepted, of 100, worst', without),
    ...without.map(({ junk, cpuShare }): Goal => ({
      what: `${junk} junk, 300k/s: CPU of all processes, of a core`,
      bound: 'at most',
      goal: 1,
      measured: 100 * median(cpuShare),
      unit: '%',
    })),
    ...worstAcceptance(
      'junk with sniffed gate and locator, 100k/s: valid packets accepted, of 100, worst',
      sniffed,
    ),
  ];
}

function worstAcceptance(what: string, rows: readonly FloodRow[]): Goal[] {
  const worst = Math.min(
    ...rows.flatMap(({ accepted, valid }) => accepted.map((count) => (100 * count) / valid)),
  );
  return rows.length === 0 ? [] : [{ what, bound: 'at least', goal: 100, measured: worst, unit: 'packets' }];
}

function clientGoals({ clients }: Results): Goal[] {
  const own = clients?.filter(({ contender }) => contender === 'bouncer') ?? [];
  const one = own.find(({ clients: count }) => count === 1);
  const many = own.at(-1);
  if (one === undefined || many === undefined || one === many) return [];
  const goal = (what: string, cost: (row: ClientsRow) => readonly number[] | undefined): Goal =>
    times(
      `${what}, ${many.clients.toLocaleString('en')} clients to 1`,
      'at most',
      1.2,
      median(cost(many)) / median(cost(one)),
    );
  return [
    goal('cost of a valid packet', ({ valid }) => valid),
    goal('cost of junk with a sniffed gate', ({ junk }) => junk['sniffed gate']),
    goal('cost of junk with sniffed gate and locator', ({ junk }) => junk['sniffed gate and locator']),
  ];
}

function idleGoals({ idle }: Results): Goal[] {
  const own = idle?.filter(({ contender }) => contender === 'bouncer') ?? [];
  return own.map(({ clients, cpuShare }) => ({
    what: `idle CPU with ${clients.toLocaleString('en')} client${clients === 1 ? '' : 's'}, of a core`,
    bound: 'at most',
    goal: clients === 1 ? 0.1 : 1,
    measured: 100 * median(cpuShare),
    unit: '%',
  }));
}

function memoryGoals({ memory }: Results): Goal[] {
  if (memory === undefined) return [];
  const of = (name: ContenderName | 'node'): number =>
    median(memory.find(({ contender }) => contender === name)?.proportional);
  return [times('memory, proportional, to a bare idle node', 'at most', 2.2, of('bouncer') / of('node'))];
}

function openerGoals({ opener }: Results): Goal[] {
  if (opener === undefined) return [];
  const of = (name: string): number => median(opener.find(({ command }) => command === name)?.milliseconds);
  return [times('opener, wall, to node -e 0', 'at most', 1.15, of('opener') / of('node'))];
}

function startGoals({ start }: Results): Goal[] {
  if (start === undefined) return [];
  const of = (name: string): number =>
    median(start.starts.find(({ contender }) => contender === name)?.milliseconds);
  return [
    times('start to listening, to node -e 0', 'at most', 5, of('bouncer') / of('node')),
    times('reload, to node -e 0', 'at most', 3, median(start.reloads[0]?.milliseconds) / of('node')),
    ...start.reloads.map(({ clients, sent, accepted }): Goal => ({
      what: `packets lost while it reloads, ${clients.toLocaleString('en')} client${clients === 1 ? '' : 's'}, of ${sent}`,
      bound: 'at most',
      goal: 0,
      measured: sent - accepted,
      unit: 'packets',
    })),
  ];
}
