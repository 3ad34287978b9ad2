/**
 * Coverage-guided fuzzing of everything that reads what strangers write.
 *
 *   node build/tools/fuzz/main.js [--inputs N] [--seconds N] [--save] [TARGET...]
 *
 * The seed is in the environment's SEED, or chosen and printed. An input that breaks a target is left in
 * build/fuzz/, and tried again by adding it to test/corpus/. With --save, what reached something new is
 * added there.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { repositoryPath } from '../../test/support/paths.js';
import { Random } from '../../test/support/random.js';
import { readCorpus, writeCorpus } from './corpus.js';
import type { FuzzOrder, FuzzReport } from './order.js';
import { TARGETS, type TargetName } from './target.js';

/** Milliseconds after which an input hangs. */
const PATIENCE = 10_000;

/** The bytes shared with a thread: two numbers and the largest input. */
const SHARED_SIZE = 8 + 64 * 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: 'string', default: '1000000000' },
    seconds: { type: 'string', default: '60' },
    save: { type: 'boolean', default: false },
  },
});

const names = positionals.length === 0 ? TARGETS : positionals.map(targetName);
const { seed } = new Random();
console.log(`seed ${seed}`);
for (const name of names) {
  const { tried, reached, corpus, broke } = await fuzz(name);
  console.log(`${name}: ${tried} inputs, ${reached} places reached, ${corpus.length} inputs that led there`);
  if (broke !== undefined) {
    process.exitCode = 1;
    console.error(`${name} broke: ${keep(name, broke.input)}\n${broke.reason}`);
  }
  if (values.save) writeCorpus(name, smallest(corpus));
}

function targetName(text: string): TargetName {
  const name = TARGETS.find((known) => known === text);
  if (name === undefined) throw new Error(`no target ${text}; there are ${TARGETS.join(', ')}`);
  return name;
}

async function fuzz(name: TargetName): Promise<FuzzReport> {
  const current = new SharedArrayBuffer(SHARED_SIZE);
  const [inputs, seconds] = [Number(values.inputs), Number(values.seconds)];
  const workerData: FuzzOrder = { name, inputs, seconds, seed, current };
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData });
  const [count, size] = [new Int32Array(current, 0, 1), new Int32Array(current, 4, 1)];
  let before = -1;
  return new Promise((resolve, reject) => {
    const watch = setInterval(() => {
      const tried = Atomics.load(count, 0);
      if (tried === before && tried > 0) {
        const input = Buffer.from(current, 8, Atomics.load(size, 0));
        resolve({ tried, reached: 0, corpus: readCorpus(name), broke: { input, reason: 'it hangs' } });
        clearInterval(watch);
        void worker.terminate();
      }
      before = tried;
    }, PATIENCE);
    worker.once('message', (report: FuzzReport) => {
      clearInterval(watch);
      resolve(report);
    });
    worker.once('error', (error) => {
      clearInterval(watch);
      reject(error);
    });
  });
}

/** Leaves an input where it can be looked at. @returns the file */
function keep(name: TargetName, input: Uint8Array): string {
  const digest = createHash('sha256').update(input).digest('hex').slice(0, 8);
  const file = repositoryPath(`build/fuzz/${name}-${digest}`);
  mkdirSync(repositoryPath('build/fuzz'), { recursive: true });
  writeFileSync(file, input);
  return file;
}

/** The smaller ones first, so that they are found before larger ones that reach the same. */
function smallest(corpus: readonly Uint8Array[]): Uint8Array[] {
  return [...corpus].sort((a, b) => a.length - b.length);
}
