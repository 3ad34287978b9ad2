/**
 * Runs commands in turn and takes the time of each, from inside the namespace in which it was started.
 * Gets what to run as a file of JSON, writes milliseconds as JSON.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Rounds } from './measures/opener.js';
import type { CommandRow } from './results.js';

/** Rounds before those that count. */
const WARM_UP = 3;

const { rounds, commands } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Rounds;
const rows = commands.map(({ command }): CommandRow => ({ command, milliseconds: [] }));
for (let round = -WARM_UP; round < rounds; round++) {
  for (const [index, { argv }] of commands.entries()) {
    const [program = '', ...words] = argv;
    const began = performance.now();
    const { status, stderr } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const milliseconds = performance.now() - began;
    if (status !== 0) throw new Error(`${argv.join(' ')} failed: ${stderr.toString()}`);
    if (round >= 0) rows[index]?.milliseconds.push(milliseconds);
  }
}
process.stdout.write(JSON.stringify(rows));
