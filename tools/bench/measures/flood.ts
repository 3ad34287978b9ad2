import { setTimeout as sleep } from 'node:timers/promises';
import { Arena } from '../arena.js';
import type { Contender, JunkKind } from '../contender.js';
import { RANDOM_JUNK } from '../contender.js';
import { CONTENDERS } from '../contenders.js';
import type { Programs } from '../programs.js';
import { repeat } from '../repeat.js';
import type { FloodRow } from '../results.js';
import type { Settings } from '../settings.js';
import { calm, cpuOnServer } from '../usage.js';

const KINDS: readonly JunkKind[] = ['random', 'right length', 'sniffed gate', 'sniffed gate and locator'];

/** Milliseconds between two valid packets, from which on there are few of them. */
const LONG_PAUSE = 100;

/** Milliseconds without an action after the last packet, and at most. */
const QUIET = 700;
const MOST_WAIT = 4_000;

/** Where nobody listens. */
const DISCARD = 51_324;

/** (b) Valid packets that are accepted while junk arrives, and what the junk costs. */
export async function measureFlood(programs: Programs, settings: Settings): Promise<FloodRow[]> {
  const rows: FloodRow[] = [];
  const rowOf = (contender: FloodRow['contender'], junk: JunkKind, rate: number, valid: number): FloodRow => {
    const found = rows.find((row) => row.contender === contender && row.junk === junk && row.rate === rate);
    if (found !== undefined) return found;
    const empty = { reached: [], accepted: [], cpuShare: [], cpuSeconds: [], senderCost: [] };
    const row: FloodRow = { contender, junk, rate, valid, ...empty };
    rows.push(row);
    return row;
  };
  await repeat(settings, async () => {
    for (const rate of settings.flood.rates) {
      await measureNobody(programs, rowOf('nobody', 'random', rate, 0), settings);
      for (const junk of KINDS) {
        for (const contender of CONTENDERS.filter(({ name }) => name !== 'floor-node')) {
          const { name, pause } = contender;
          const valid = pause < LONG_PAUSE ? settings.flood.valid : settings.flood.fewValid;
          await Arena.with(programs, (arena) =>
            measure(arena, contender, () => rowOf(name, junk, rate, valid), junk, settings),
          );
        }
      }
    }
  });
  return rows;
}

/** What sending costs by itself. */
async function measureNobody(programs: Programs, row: FloodRow, settings: Settings): Promise<void> {
  await Arena.with(programs, async (arena) => {
    arena.network.dropPort(DISCARD);
    const flood = arena.flood(RANDOM_JUNK, DISCARD, row.rate);
    const from = await flood.mark();
    await sleep(settings.flood.junkAlone);
    const to = await flood.mark();
    await flood.stop();
    row.reached.push(((to.sent - from.sent) / (to.time - from.time)) * 1e9);
    row.senderCost.push((to.cpu - from.cpu) / (to.sent - from.sent) / 1e3);
  });
}

async function measure(
  arena: Arena,
  contender: Contender,
  row: () => FloodRow,
  kind: JunkKind,
  { flood: { junkAlone } }: Settings,
): Promise<void> {
  const { actions, network, sender } = arena;
  const listener = await contender.start(arena, { clients: 1 });
  const junk = listener.junk(kind);
  if (junk === undefined) return;
  const { rate, valid, reached, accepted, cpuShare, cpuSeconds, senderCost } = row();
  // As an administrator's firewall would: what captures sees the datagrams before it.
  network.dropPort(listener.port);
  const requests = listener.requests(valid);
  await calm(network);
  const flood = arena.flood(junk, listener.port, rate);
  const from = await flood.mark();
  const usedBefore = cpuOnServer(network);
  const began = performance.now();
  await sleep(junkAlone);
  const used = cpuOnServer(network);
  cpuShare.push((used - usedBefore) / 1e6 / (performance.now() - began));
  const to = await flood.mark();
  senderCost.push((to.cpu - from.cpu) / (to.sent - from.sent) / 1e3);
  for (const request of requests) {
    await sender.send(request);
    await sleep(contender.pause);
  }
  const end = await flood.mark();
  reached.push(((end.sent - from.sent) / (end.time - from.time)) * 1e9);
  accepted.push(await actions.settles(valid, QUIET, MOST_WAIT));
  cpuSeconds.push((cpuOnServer(network) - used) / 1e9);
  await flood.stop();
  await listener.stop();
}
