/** Lets so many things through in each second, counted from the machine's start. */
export class SecondLimit {
  readonly #most: number;
  #second = -1;
  #count = 0;

  /** @param most things a second */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Whether one more may pass now.
   * @param monotonic milliseconds of a clock that never steps
   */
  admits(monotonic: number): boolean {
    const second = Math.floor(monotonic / 1_000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    return ++this.#count <= this.#most;
  }
}
