/** Lets so many pieces of work be done at once; the others wait in line. */
export class Turnstile {
  #most: number;
  #inside = 0;
  readonly #line: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async through<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#inside >= this.#most) {
      await new Promise<void>((resolve) => {
        this.#line.push(resolve);
      });
    }
    this.#inside++;
    try {
      return await work();
    } finally {
      this.#inside--;
      this.#line.shift()?.();
    }
  }

  /** Goes on with another limit; who is inside stays inside. */
  limit(most: number): void {
    this.#most = most;
    for (const enter of this.#line.splice(0)) enter();
  }
}
