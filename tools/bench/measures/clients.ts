import { setTimeout as sleep } from 'node:timers/promises';
import { Arena } from '../arena.js';
import type { Contender, JunkKind, Listener } from '../contender.js';
import { bouncer } from '../contenders/bouncer.js';
import { floorC, floorNode, floorNodeDurable } from '../contenders/floors.js';
import { fwknopd } from '../contenders/fwknopd.js';
import { knockd } from '../contenders/knockd.js';
import type { Programs } from '../programs.js';
import { repeat } from '../repeat.js';
import type { ClientsRow } from '../results.js';
import type { Settings } from '../settings.js';
import { calm, cpuOnServer } from '../usage.js';

/** What of the junk reaches the table of clients, and what goes beyond it. */
const KINDS: readonly JunkKind[] = ['random', 'right length', 'sniffed gate', 'sniffed gate and locator'];

const QUIET = 1_500;
const MOST_WAIT = 10_000;

interface Share {
  readonly contender: Contender;
  /** The most clients that it can be given. */
  readonly most: number;
  /** Part of the packets that it gets: each takes it so much longer. */
  readonly part: (clients: number) => number;
}

/** knockd and the floors know no clients: they stand beside. */
const SHARES: readonly Share[] = [
  { contender: bouncer, most: Infinity, part: () => 1 },
  // It tries the keys of one client after the other.
  { contender: fwknopd, most: 10_000, part: (clients) => 1 / (3 + clients / 500) },
  ...[knockd, floorC, floorNode, floorNodeDurable].map((contender) => ({
    contender,
    most: 1,
    part: () => 1,
  })),
];

/** (c) CPU time for each junk datagram and for each valid packet, by the number of clients. */
export async function measureClients(programs: Programs, settings: Settings): Promise<ClientsRow[]> {
  const rows: ClientsRow[] = [];
  // Half of the time, since the flood comes after it.
  await repeat({ ...settings, seconds: settings.seconds / 2 }, async () => {
    for (const { contender, most, part } of SHARES) {
      for (const clients of settings.clients.counts.filter((count) => count <= most)) {
        let row = rows.find((known) => known.contender === contender.name && known.clients === clients);
        if (row === undefined) {
          row = {
            contender: contender.name,
            clients,
            valid: [],
            sent: 0,
            lost: 0,
            junk: {},
            startMilliseconds: [],
          };
          rows.push(row);
        }
        await measure(programs, contender, row, part(clients), settings);
      }
    }
  });
  return rows;
}

async function measure(
  programs: Programs,
  contender: Contender,
  row: ClientsRow,
  part: number,
  settings: Settings,
): Promise<void> {
  await Arena.with(programs, async (arena) => {
    const listener = await contender.start(arena, { clients: row.clients });
    row.startMilliseconds.push(listener.startMilliseconds);
    arena.network.dropPort(listener.port);
    await calm(arena.network);
    const count = Math.ceil(settings.clients.valid * part);
    const { cost: costOfOne, ran } = await costOfValid(arena, listener, contender.pause, count);
    row.valid.push(costOfOne);
    row.sent += count;
    row.lost += count - ran;
    for (const kind of KINDS) {
      const cost = await costOfJunk(arena, listener, kind, part, settings);
      if (cost !== undefined) (row.junk[kind] ??= []).push(cost);
    }
    await listener.stop();
  });
}

/** @returns microseconds for each whose action ran, and how many those were */
async function costOfValid(
  arena: Arena,
  listener: Listener,
  pause: number,
  count: number,
): Promise<{ cost: number; ran: number }> {
  const { actions, network, sender } = arena;
  const requests = listener.requests(count);
  const before = cpuOnServer(network);
  for (const request of requests) {
    await sender.send(request);
    await sleep(pause);
  }
  const ran = await actions.settles(count, QUIET, MOST_WAIT);
  // The last action is to be waited for before it is counted.
  await sleep(100);
  return { cost: (cpuOnServer(network) - before) / 1e3 / ran, ran };
}

/** @returns microseconds for each datagram sent, whether the listener has seen it or not */
async function costOfJunk(
  arena: Arena,
  listener: Listener,
  kind: JunkKind,
  part: number,
  { clients }: Settings,
): Promise<number | undefined> {
  const junk = listener.junk(kind);
  if (junk === undefined) return undefined;
  const { network } = arena;
  const before = cpuOnServer(network);
  const flood = arena.flood(junk, listener.port, Math.ceil(clients.rate * part));
  await flood.mark();
  await sleep((1_000 * clients.junk) / clients.rate);
  const { sent } = await flood.stop();
  await calm(network);
  return (cpuOnServer(network) - before) / 1e3 / sent;
}
