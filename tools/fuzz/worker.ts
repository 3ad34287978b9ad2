/** The thread that a target runs in. The main thread sees which input it is at, and ends it if it hangs. */
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../../test/support/random.js';
import { readCorpus } from './corpus.js';
import { Fuzzer } from './fuzzer.js';
import { loadTarget } from './instrument.js';
import type { FuzzOrder, FuzzReport } from './order.js';

/** Inputs between two looks at the clock. */
const BATCH = 64;

const { name, inputs, seconds, seed, current } = workerData as FuzzOrder;
const bytes = Buffer.from(current, 8);
const [count, size] = [new Int32Array(current, 0, 1), new Int32Array(current, 4, 1)];

function report(message: FuzzReport): void {
  parentPort?.postMessage(message);
}

function attempt(fuzzer: Fuzzer, input: Buffer): void {
  bytes.set(input);
  Atomics.store(size, 0, input.length);
  Atomics.add(count, 0, 1);
  fuzzer.try(input);
}

const { target, coverage } = await loadTarget(name);
const fuzzer = new Fuzzer(target, coverage, new Random(seed));
const end = performance.now() + seconds * 1_000;
let tried = 0;
let input: Buffer = Buffer.alloc(0);
try {
  for (const known of [input, ...readCorpus(name)]) attempt(fuzzer, (input = known));
  while (tried < inputs && performance.now() < end) {
    for (let left = BATCH; left > 0; left--, tried++) attempt(fuzzer, (input = fuzzer.next()));
  }
  report({ tried, reached: fuzzer.reached, corpus: fuzzer.corpus });
} catch (error) {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  report({ tried, reached: fuzzer.reached, corpus: fuzzer.corpus, broke: { input, reason } });
}
