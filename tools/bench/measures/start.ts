import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Arena } from '../arena.js';
import { bouncer } from '../contenders/bouncer.js';
import { CONTENDERS } from '../contenders.js';
import type { Programs } from '../programs.js';
import type { ReloadRow, StartResults } from '../results.js';
import type { Settings } from '../settings.js';
import { calm } from '../usage.js';

/** Milliseconds between two packets while it reloads, and between two reloads. */
const APART = 20;
const BETWEEN = 100;

const QUIET = 2_000;
const MOST_WAIT = 15_000;

/** (g) From the start of the process to listening; reloads, and what they lose. */
export async function measureStart(programs: Programs, settings: Settings): Promise<StartResults> {
  const { starts, reloads, reloadsWithMany } = settings.start;
  const bare = { contender: 'node' as const, milliseconds: [] as number[] };
  const rows = CONTENDERS.map(({ name }) => ({ contender: name, milliseconds: [] as number[] }));
  for (let left = starts * settings.repetitions; left > 0; left--) {
    bare.milliseconds.push(await Arena.with(programs, bareStart));
    for (const [index, contender] of CONTENDERS.entries()) {
      await Arena.with(programs, async (arena) => {
        const { startMilliseconds } = await contender.start(arena, { clients: 1 });
        rows[index]?.milliseconds.push(startMilliseconds);
      });
    }
  }
  return {
    starts: [bare, ...rows],
    reloads: [
      await measureReloads(programs, 1, reloads),
      await measureReloads(programs, settings.idle.clients, reloadsWithMany),
    ],
  };
}

/** Started in the same way as the others are. */
async function bareStart(arena: Arena): Promise<number> {
  const began = performance.now();
  await once(arena.start([process.execPath, '-e', '0']), 'exit');
  return performance.now() - began;
}

async function measureReloads(programs: Programs, clients: number, reloads: number): Promise<ReloadRow> {
  return Arena.with(programs, async (arena) => {
    const { actions, network, sender } = arena;
    const listener = await bouncer.start(arena, { clients });
    const { reload } = listener;
    if (reload === undefined) throw new Error('bouncer cannot be reloaded');
    await calm(network);
    let sent = 0;
    let reloading = true;
    const flow = async (): Promise<void> => {
      while (reloading) {
        for (const request of listener.requests(1)) await sender.send(request);
        sent++;
        await sleep(APART);
      }
    };
    const sending = flow();
    const milliseconds: number[] = [];
    try {
      for (let left = reloads; left > 0; left--) {
        milliseconds.push(await reload());
        await sleep(BETWEEN);
      }
    } finally {
      reloading = false;
      await sending;
    }
    const accepted = await actions.settles(sent, QUIET, MOST_WAIT);
    return { clients, milliseconds, sent, accepted };
  });
}
