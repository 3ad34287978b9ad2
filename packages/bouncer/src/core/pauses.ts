/** The pauses before what failed is tried again, each twice as long as the one before it. */
export class Pauses {
  readonly #first: number;
  readonly #longest: number;
  #next: number;

  /** Both in milliseconds. */
  constructor(first: number, longest: number) {
    this.#first = first;
    this.#longest = longest;
    this.#next = first;
  }

  /** The pause that is due now, in milliseconds. */
  next(): number {
    const pause = this.#next;
    this.#next = Math.min(2 * pause, this.#longest);
    return pause;
  }

  /** Begins with the first again, as it worked meanwhile. */
  reset(): void {
    this.#next = this.#first;
  }
}
