import type { Random } from '../../test/support/random.js';
import type { Coverage } from './coverage.js';
import { mutate } from './mutate.js';
import type { FuzzTarget } from './target.js';

/** Tries inputs on a target, and goes on from those that reached something new. */
export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #coverage: Coverage;
  readonly #random: Random;
  readonly #corpus: Buffer[] = [];

  constructor(target: FuzzTarget, coverage: Coverage, random: Random) {
    this.#target = target;
    this.#coverage = coverage;
    this.#random = random;
    // What only happens once, at loading, is nothing new.
    this.#coverage.take();
  }

  /** The inputs that reached something new when they came. */
  get corpus(): readonly Buffer[] {
    return this.#corpus;
  }

  /** How much was reached. */
  get reached(): number {
    return this.#coverage.size;
  }

  /** The next input that is worth a try. */
  next(): Buffer {
    const input = this.#random.pick(this.#corpus) ?? Buffer.alloc(0);
    return mutate(input, this.#corpus, this.#target.tokens, this.#random);
  }

  /** @throws whatever the target throws */
  try(input: Buffer): void {
    this.#target.fuzz(input);
    if (this.#coverage.take()) this.#corpus.push(Buffer.from(input));
  }
}
