/**
 * Measures bouncer and opener beside their peers and beside floors, and writes the page, the plots and
 * the numbers to docs/benchmarks. A quick or a partial run writes to build/bench instead.
 *
 *   npm run bench [-- [--quick] [--only MEASURE,...]]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryPath } from '../../test/support/paths.js';
import { Arena } from './arena.js';
import { goalsOf, isReached } from './goals.js';
import { describeMachine } from './machine.js';
import { measureClients } from './measures/clients.js';
import { measureCluster } from './measures/cluster.js';
import { measureFlood } from './measures/flood.js';
import { measureIdle } from './measures/idle.js';
import { measureLatency } from './measures/latency.js';
import { measureMemory } from './measures/memory.js';
import { measureOpener } from './measures/opener.js';
import { measureStart } from './measures/start.js';
import { pageOf } from './page/page.js';
import { plotsOf } from './page/plots.js';
import { preparePrograms } from './programs.js';
import type { Failure, Results } from './results.js';
import { FULL, QUICK } from './settings.js';

const MEASURES = {
  latency: measureLatency,
  opener: measureOpener,
  start: measureStart,
  memory: measureMemory,
  clients: measureClients,
  idle: measureIdle,
  cluster: measureCluster,
  flood: measureFlood,
};

/** On a disk wherever one is, unlike /tmp: records have to be synced to something. */
const FOLDER = '/var/tmp';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } });
  const names = values.only?.split(',') ?? Object.keys(MEASURES);
  const unknown = names.find((name) => !Object.hasOwn(MEASURES, name));
  if (unknown !== undefined)
    throw new Error(`no measure ${unknown}: take ${Object.keys(MEASURES).join(', ')}`);
  const isWhole = values.quick !== true && values.only === undefined;
  const settings = values.quick === true ? QUICK : FULL;
  const began = performance.now();
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const folder = mkdtempSync(join(tmpdir(), 'bouncer-bench-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const programs = preparePrograms(folder);
  let measured: Partial<Results> = {};
  const failures: Failure[] = [];
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (!names.includes(name)) continue;
    say(`${name}, at ${Math.round((performance.now() - began) / 1_000)} s`);
    try {
      measured = { ...measured, [name]: await measure(programs, settings) };
    } catch (error) {
      // The results of the others are worth having.
      failures.push({ measure: name, reason: error instanceof Error ? error.message : String(error) });
      say(`${name} FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  const words = process.argv.slice(2);
  const results: Results = {
    date,
    seconds: (performance.now() - began) / 1_000,
    command: ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' '),
    repetitions: settings.repetitions,
    failures,
    machine,
    ...measured,
  };
  write(repositoryPath(isWhole ? 'docs/benchmarks' : 'build/bench'), results);
  if (failures.length > 0) process.exitCode = 1;
  for (const goal of goalsOf(results)) {
    say(
      `${isReached(goal) ? 'reached' : 'MISSED '} ${goal.what}: ${goal.measured.toFixed(2)}, goal ${goal.bound} ${goal.goal}`,
    );
  }
}

function write(folder: string, results: Results): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(folder, 'README.md'), pageOf(results));
  for (const [name, plot] of plotsOf(results)) writeFileSync(join(folder, name), plot);
  say(`wrote ${folder}`);
}

function say(text: string): void {
  console.error(`bench: ${text}`);
}

if (process.geteuid?.() !== 0) {
  say('needs root, for network namespaces and packet capture: try sudo npm run bench');
  process.exit(1);
}
process.env['TMPDIR'] = FOLDER;
// Node.js reads what it names at each start, longer than it takes for all else.
delete process.env['NODE_EXTRA_CA_CERTS'];
process.once('exit', () => {
  Arena.removeAll();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
try {
  await main();
} catch (error) {
  say(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
