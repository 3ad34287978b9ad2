import { setTimeout as sleep } from 'node:timers/promises';
import { Arena } from '../arena.js';
import type { Contender } from '../contender.js';
import { CONTENDERS } from '../contenders.js';
import type { Programs } from '../programs.js';
import type { LatencyRow } from '../results.js';
import type { Settings } from '../settings.js';
import { calm } from '../usage.js';

/** Requests before those that count. */
const WARM_UP = 5;

/** Milliseconds after which a request counts as lost. */
const PATIENCE = 2_000;

/** Between two requests: at random, so that no listener's sleep keeps step with them. */
const PAUSE = { least: 10, more: 50 };

/** (a) From handing the datagram to the kernel to the first instruction of the action, in milliseconds. */
export async function measureLatency(
  programs: Programs,
  { repetitions, latency: { requests } }: Settings,
): Promise<LatencyRow[]> {
  const rows = CONTENDERS.map(({ name }): LatencyRow => ({ contender: name, milliseconds: [], lost: 0 }));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [index, contender] of CONTENDERS.entries()) {
      const row = rows[index];
      if (row !== undefined) await Arena.with(programs, (arena) => measure(arena, contender, requests, row));
    }
  }
  return rows;
}

async function measure(arena: Arena, contender: Contender, count: number, row: LatencyRow): Promise<void> {
  const { actions, network, sender } = arena;
  const listener = await contender.start(arena, { clients: 1 });
  await calm(network);
  for (const [index, request] of listener.requests(WARM_UP + count).entries()) {
    const before = actions.times.length;
    const sent = await sender.send(request);
    const ran = await actions.reaches(before + 1, PATIENCE);
    const time = actions.times[before];
    if (index >= WARM_UP) {
      if (ran && time !== undefined) row.milliseconds.push((time - sent) / 1e6);
      else row.lost++;
    }
    await sleep(PAUSE.least + Math.random() * PAUSE.more);
  }
  await listener.stop();
}
