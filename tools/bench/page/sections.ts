import { labelOf } from '../contenders.js';
import type { ClientsRow, Results } from '../results.js';
import { quantile, spread } from '../statistics.js';
import { floodPlotName, kindsIn } from './plots.js';
import { count, figure, medianAndRange, table } from './table.js';

export function latencySection({ latency }: Results): string {
  if (latency === undefined) return '';
  const own = median(latency.find(({ contender }) => contender === 'bouncer')?.milliseconds);
  const rows = latency.map(({ contender, milliseconds, lost }) => {
    const sorted = milliseconds.toSorted((a, b) => a - b);
    const parts = [0, 0.25, 0.5, 0.75, 0.95, 1].map((part) => figure(quantile(sorted, part)));
    return [
      labelOf(contender),
      ...parts,
      `${figure(median(milliseconds) / own)} ×`,
      `${lost} of ${lost + milliseconds.length}`,
    ];
  });
  const head = [
    'milliseconds',
    'least',
    'quarter',
    'median',
    'three quarters',
    '95 %',
    'most',
    'to bouncer',
    'lost',
  ];
  return `## Acceptance

From just before the last \`sendto\` of a request to the first instruction of the action. One request
at a time, at random moments; knockd gets its three knocks at once.

${table(head, rows)}

![](latency.svg)`;
}

export function floodSection({ flood }: Results): string {
  if (flood === undefined) return '';
  const rows = flood.map((row) => [
    labelOf(row.contender),
    row.contender === 'nobody' ? 'random' : row.junk,
    count(row.rate),
    medianAndRange(row.reached.map((rate) => Math.round(rate / 100) * 100)),
    row.contender === 'nobody' ? '–' : `${medianAndRange(row.accepted)} of ${row.valid}`,
    row.contender === 'nobody' ? '–' : medianAndRange(row.cpuShare.map((share) => 100 * share)),
    medianAndRange(row.cpuSeconds),
    medianAndRange(row.senderCost),
  ]);
  const head = [
    'listener',
    'junk',
    'a second',
    'reached',
    'accepted',
    'CPU while junk came alone, % of a core',
    'CPU seconds for the valid packets, junk and actions',
    'sender’s CPU, µs a datagram',
  ];
  return `## Flood

Valid packets, 15 ms apart (125 ms for fwknopd, which takes one in 100 ms), while junk arrives from another address, at a port that the firewall drops.
*Right length* is random bytes as long as a packet (for fwknopd: letters, as its packets are), *sniffed
gate* has the first four bytes of valid packets, *sniffed gate and locator* the first twelve. The kernel
filters while the sender sends, on the sender's account: what that costs is the difference to the rows in
which nobody listens.

${table(head, rows)}

${kindsIn(flood)
  .map((kind) => `![](${floodPlotName(kind)})`)
  .join('\n')}`;
}

export function clientsSection({ clients }: Results): string {
  if (clients === undefined) return '';
  const junk = (row: ClientsRow, kind: keyof ClientsRow['junk']): string => medianAndRange(row.junk[kind]);
  const rows = clients.map((row) => [
    labelOf(row.contender),
    count(row.clients),
    medianAndRange(row.valid),
    `${count(row.lost)} of ${count(row.sent)}`,
    junk(row, 'random'),
    junk(row, 'right length'),
    junk(row, 'sniffed gate'),
    junk(row, 'sniffed gate and locator'),
    medianAndRange(row.startMilliseconds),
  ]);
  const head = [
    'microseconds of CPU',
    'clients',
    'valid, with its action',
    'valid lost',
    'random junk',
    'right length',
    'sniffed gate',
    'sniffed gate and locator',
    'start, ms',
  ];
  return `## Clients

CPU time of all processes for each datagram that was sent, whether it was looked at or not. fwknopd tries its clients one after the other;
the one that sends is in the middle, and it gets fewer packets, and the fewer the more clients there are. knockd and the
floors know no clients.

${table(head, rows)}

![](clients.svg)`;
}

export function idleSection({ idle }: Results): string {
  if (idle === undefined) return '';
  const rows = idle.map(({ contender, clients, cpuShare }) => [
    labelOf(contender),
    count(clients),
    medianAndRange(cpuShare.map((share) => 100 * share)),
    medianAndRange(cpuShare.map((share) => 60 * share)),
  ]);
  return `## Idle

${table(['', 'clients', '% of a core', 'CPU seconds a minute'], rows)}`;
}

export function memorySection({ memory }: Results): string {
  if (memory === undefined) return '';
  const mebibytes = (values: readonly number[]): string =>
    medianAndRange(values.map((bytes) => bytes / 2 ** 20));
  const bare = median(memory.find(({ contender }) => contender === 'node')?.proportional);
  const rows = memory.map(({ contender, clients, processes, resident, proportional }) => [
    labelOf(contender),
    contender === 'node' ? '–' : count(clients),
    medianAndRange(processes),
    mebibytes(resident),
    mebibytes(proportional),
    `${figure(median(proportional) / bare)} ×`,
  ]);
  const head = ['MiB', 'clients', 'processes', 'resident', 'proportional', 'proportional, to bare node'];
  return `## Memory

Of all processes together, when idle. Each is run by a copy of the Node.js binary that nobody else uses.

${table(head, rows)}

![](memory.svg)`;
}

export function openerSection({ opener }: Results): string {
  if (opener === undefined) return '';
  const names = { node: '`node -e 0`', opener: 'opener', fwknop: 'fwknop' };
  const bare = median(opener.find(({ command }) => command === 'node')?.milliseconds);
  const rows = opener.map(({ command, milliseconds }) => {
    const { min, q1, median: middle, q3, max } = spread(milliseconds);
    return [names[command], ...[min, q1, middle, q3, max].map(figure), `${figure(middle / bare)} ×`];
  });
  const head = ['milliseconds', 'least', 'quarter', 'median', 'three quarters', 'most', 'to `node -e 0`'];
  return `## Client

Wall time of one command that reads its profile, makes a packet and sends it; in turn.

${table(head, rows)}

![](opener.svg)`;
}

export function startSection({ start }: Results): string {
  if (start === undefined) return '';
  const bare = median(start.starts.find(({ contender }) => contender === 'node')?.milliseconds);
  const starts = start.starts.map(({ contender, milliseconds }) => [
    contender === 'node' ? '`node -e 0`' : labelOf(contender),
    medianAndRange(milliseconds),
    `${figure(median(milliseconds) / bare)} ×`,
  ]);
  const reloads = start.reloads.map(({ clients, milliseconds, sent, accepted }) => [
    `bouncer, ${count(clients)} client${clients === 1 ? '' : 's'}`,
    count(milliseconds.length),
    medianAndRange(milliseconds),
    `${figure(median(milliseconds) / bare)} ×`,
    `${count(sent - accepted)} of ${count(sent)}`,
  ]);
  return `## Start and reload

To listening: bouncer says so, the others have a packet socket by then. Packets come 20 ms apart while it
reloads, again and again.

${table(['start to listening', 'milliseconds', 'to `node -e 0`'], starts)}

![](start.svg)

${table(['reload', 'times', 'milliseconds', 'to `node -e 0`', 'packets lost'], reloads)}`;
}

export function clusterSection({ cluster }: Results): string {
  if (cluster === undefined) return '';
  const rows = cluster.map(({ gateways, milliseconds, perSecond, spread: opened }) => {
    const sorted = milliseconds.toSorted((a, b) => a - b);
    return [
      gateways === 0 ? 'alone, without a store' : `${gateways} with a store`,
      ...[0.25, 0.5, 0.75, 0.95].map((part) => figure(quantile(sorted, part))),
      medianAndRange(perSecond.map(Math.round)),
      medianAndRange(opened),
    ];
  });
  const head = [
    'gateways',
    'acceptance, ms: quarter',
    'median',
    'three quarters',
    '95 %',
    'valid packets a second, all together',
    'grant taken up by the last, ms',
  ];
  return `## Several gateways

With a Redis on the same machine. Acceptance as above, at one of them, by a sender that writes to a bridge. The rate is
that of packets whose action has run to its end. All gateways share the machine's cores with each other, the store,
the senders, the actions and the reader of their logs: that bounds the rate, whatever their number. The last column is
what the others take to open a grant after the acceptance.

${table(head, rows)}`;
}

function median(values: readonly number[] | undefined): number {
  return values === undefined || values.length === 0 ? NaN : spread(values).median;
}
