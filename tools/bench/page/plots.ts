import { labelOf } from '../contenders.js';
import type { JunkKind } from '../contender.js';
import type { FloodRow, Results } from '../results.js';
import { spread } from '../statistics.js';
import { boxes, type Box } from './boxes.js';
import { lines, type Point, type Series } from './lines.js';

/** The plots for which there are results: contents by file name. */
export function plotsOf(results: Results): ReadonlyMap<string, string> {
  const plots = new Map<string, string>();
  const { latency, flood, clients, memory, opener, start } = results;
  if (latency !== undefined) {
    const rows = latency.map(({ contender, milliseconds }) => box(labelOf(contender), milliseconds));
    plots.set(
      'latency.svg',
      boxes('From sending to the action’s first instruction', 'milliseconds', rows.flat(), 'log'),
    );
  }
  for (const kind of kindsIn(flood ?? [])) plots.set(floodPlotName(kind), floodPlot(flood ?? [], kind));
  if (clients !== undefined) plots.set('clients.svg', clientsPlot(clients));
  if (memory !== undefined) {
    const rows = memory.map(({ contender, clients: known, proportional }) =>
      box(
        `${labelOf(contender)}${known > 1 ? `, ${known.toLocaleString('en')} clients` : ''}`,
        proportional.map((bytes) => bytes / 2 ** 20),
      ),
    );
    plots.set('memory.svg', boxes('Proportional memory of all processes', 'MiB', rows.flat(), 'linear'));
  }
  if (opener !== undefined) {
    const names = { node: 'node -e 0', opener: 'opener', fwknop: 'fwknop (client)' };
    const rows = opener.map(({ command, milliseconds }) => box(names[command], milliseconds));
    plots.set('opener.svg', boxes('The client, from start to end', 'milliseconds', rows.flat(), 'linear'));
  }
  if (start !== undefined) {
    const rows = start.starts.map(({ contender, milliseconds }) =>
      box(contender === 'node' ? 'node -e 0' : labelOf(contender), milliseconds),
    );
    plots.set('start.svg', boxes('From start to listening', 'milliseconds', rows.flat(), 'linear'));
  }
  return plots;
}

/** Nothing, where nothing was measured. */
function box(label: string, values: readonly number[]): Box[] {
  return values.length === 0 ? [] : [{ label, spread: spread(values) }];
}

function point(x: number, values: readonly number[]): Point {
  const { median, min, max } = spread(values);
  return { x, y: median, least: min, most: max };
}

/** The kinds of junk in the order in which they were sent. */
export function kindsIn(rows: readonly FloodRow[]): readonly JunkKind[] {
  return [...new Set(rows.map(({ junk }) => junk))];
}

export function floodPlotName(kind: JunkKind): string {
  return `flood-${kind.replaceAll(' ', '-')}.svg`;
}

function floodPlot(rows: readonly FloodRow[], kind: JunkKind): string {
  const series = new Map<string, Point[]>();
  for (const { contender, junk, rate, accepted, valid } of rows) {
    if (contender === 'nobody' || junk !== kind) continue;
    const label = labelOf(contender);
    const points = series.get(label) ?? [];
    points.push(
      point(
        rate,
        accepted.map((count) => (100 * count) / valid),
      ),
    );
    series.set(label, points);
  }
  const axes = {
    x: 'junk datagrams a second',
    y: 'valid packets accepted, of 100',
    yScale: 'linear',
  } as const;
  return lines(`Valid packets accepted while junk arrives: ${kind}`, axes, seriesOf(series));
}

function clientsPlot(rows: NonNullable<Results['clients']>): string {
  const series = new Map<string, Point[]>();
  const add = (label: string, clients: number, values: readonly number[]): void => {
    series.set(label, [...(series.get(label) ?? []), point(clients, values)]);
  };
  for (const { contender, clients, valid, junk } of rows) {
    if (contender !== 'bouncer' && contender !== 'fwknopd') continue;
    add(`${labelOf(contender)}: valid`, clients, valid);
    for (const kind of Object.keys(junk) as JunkKind[]) {
      const costs = junk[kind];
      if (costs !== undefined) add(`${labelOf(contender)}: ${kind} junk`, clients, costs);
    }
  }
  const axes = { x: 'clients', y: 'microseconds of CPU a datagram', yScale: 'log' } as const;
  return lines('What a datagram costs, by the number of clients', axes, seriesOf(series));
}

function seriesOf(series: ReadonlyMap<string, Point[]>): Series[] {
  return [...series].map(([label, points]) => ({ label, points }));
}
