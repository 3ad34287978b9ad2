/** What every fault is counted as that is not told apart. */
export const OTHER = 'other';

/** How often there was each fault, for so many of them and no more, whatever somebody makes up. */
export class FaultCounts {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  /** @param most faults that are told apart; the first ones are */
  constructor(most: number) {
    this.#most = most;
  }

  add(fault: string, times = 1): void {
    const name = this.#counts.has(fault) || this.#counts.size < this.#most ? fault : OTHER;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  get all(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
