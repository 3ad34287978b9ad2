import { setTimeout as sleep } from 'node:timers/promises';
import { Arena } from '../arena.js';
import { bouncer } from '../contenders/bouncer.js';
import { CONTENDERS } from '../contenders.js';
import type { Programs } from '../programs.js';
import type { IdleRow } from '../results.js';
import type { Settings } from '../settings.js';
import { calm, cpuOnServer } from '../usage.js';

/** Milliseconds after a start in which V8 collects its garbage, once and for all: that is no part of being idle. */
const SETTLED = 12_000;

/** (d) CPU time of listeners to which nothing comes. All at once: it is not wall time that counts. */
export async function measureIdle(programs: Programs, { idle }: Settings): Promise<IdleRow[]> {
  const idlers = [
    ...CONTENDERS.map((contender) => ({ contender, clients: 1 })),
    { contender: bouncer, clients: idle.clients },
  ];
  return Promise.all(
    idlers.map(({ contender, clients }) =>
      Arena.with(programs, async (arena): Promise<IdleRow> => {
        await contender.start(arena, { clients });
        await sleep(SETTLED);
        await calm(arena.network);
        const cpuShare: number[] = [];
        for (let repetition = 0; repetition < idle.repetitions; repetition++) {
          const used = cpuOnServer(arena.network);
          const began = performance.now();
          await sleep(1_000 * idle.seconds);
          cpuShare.push((cpuOnServer(arena.network) - used) / 1e6 / (performance.now() - began));
        }
        return { contender: contender.name, clients, cpuShare };
      }),
    ),
  );
}
