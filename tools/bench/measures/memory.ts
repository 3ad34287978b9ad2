import { copyFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Arena } from '../arena.js';
import { bouncer } from '../contenders/bouncer.js';
import { CONTENDERS } from '../contenders.js';
import type { Programs } from '../programs.js';
import type { MemoryRow } from '../results.js';
import type { Settings } from '../settings.js';
import { calm, memoryOnServer } from '../usage.js';

/** Milliseconds after which a bare Node.js has long been idle. */
const SETTLED = 1_000;

/**
 * (e) Memory of all processes of a contender, beside an idle Node.js. Each is run by a copy of the
 * Node.js binary, since the benchmark itself shares the pages of the other one.
 */
export async function measureMemory(programs: Programs, settings: Settings): Promise<MemoryRow[]> {
  const runs = [
    ...CONTENDERS.map((contender) => ({ contender, clients: 1 })),
    { contender: bouncer, clients: settings.idle.clients },
  ];
  const row = (contender: MemoryRow['contender'], clients: number): MemoryRow => ({
    contender,
    clients,
    processes: [],
    resident: [],
    proportional: [],
  });
  const bare = row('node', 0);
  const rows = runs.map(({ contender, clients }) => row(contender.name, clients));
  for (let repetition = 0; repetition < settings.repetitions; repetition++) {
    await inArena(programs, bare, async (arena, node) => {
      arena.start([node, '-e', 'setInterval(() => undefined, 1e6)']);
      await sleep(SETTLED);
    });
    for (const [index, { contender, clients }] of runs.entries()) {
      await inArena(programs, rows[index] ?? bare, async (arena, node) => {
        await contender.start(arena, { clients, node });
        await calm(arena.network);
      });
    }
  }
  return [bare, ...rows];
}

async function inArena(
  programs: Programs,
  { processes, resident, proportional }: MemoryRow,
  start: (arena: Arena, node: string) => Promise<void>,
): Promise<void> {
  await Arena.with(programs, async (arena) => {
    const node = arena.installation.path('node');
    copyFileSync(process.execPath, node);
    await start(arena, node);
    const memory = memoryOnServer(arena.network);
    processes.push(memory.processes);
    resident.push(memory.resident);
    proportional.push(memory.proportional);
  });
}
