/** Work that is done one after the other, in the order in which it was asked for. */
export class Turns {
  /** The end of the latest, whatever came of it. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Does something after all that was asked for before.
   * @throws whatever the work does; only who asked for it learns of that, and what comes after it is done
   */
  take<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Settles when all that was asked for is done. Never throws. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
