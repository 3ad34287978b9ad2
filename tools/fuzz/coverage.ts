import type { FileCoverageData } from 'istanbul-lib-coverage';

/** A branch that was taken 4 times is another than one that was taken once, but 9 times is as good as 8. */
const BUCKETS = 8;

/** The counters of an instrumented program: how often each statement and each branch was reached. */
export class Coverage {
  readonly #statements: Record<string, number>;
  readonly #branches: Record<string, number[]>;
  /** Place and bucket of everything that was ever reached. */
  readonly #known = new Set<number>();

  constructor({ s, b }: FileCoverageData) {
    this.#statements = s;
    this.#branches = b;
  }

  /** How much was ever reached. */
  get size(): number {
    return this.#known.size;
  }

  /** Sets the counters to 0. @returns whether they showed anything that was never reached before */
  take(): boolean {
    const before = this.#known.size;
    let place = 0;
    for (const key in this.#statements) {
      this.#note(place++, this.#statements[key] ?? 0);
      this.#statements[key] = 0;
    }
    for (const key in this.#branches) {
      const ways = this.#branches[key] ?? [];
      for (let way = 0; way < ways.length; way++) {
        this.#note(place++, ways[way] ?? 0);
        ways[way] = 0;
      }
    }
    return this.#known.size > before;
  }

  #note(place: number, count: number): void {
    if (count > 0) this.#known.add(place * BUCKETS + Math.min(BUCKETS - 1, Math.floor(Math.log2(count))));
  }
}
