/** What has to be undone, whether or not everything came to be: the last that was done comes first. */
export class Cleanup {
  readonly #work: (() => unknown)[] = [];

  /** Has something undone later. */
  add(work: () => unknown): void {
    this.#work.push(work);
  }

  /**
   * Undoes everything, even if some of it fails.
   * @throws {AggregateError} with what failed
   */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let work = this.#work.pop(); work !== undefined; work = this.#work.pop()) {
      try {
        await work();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0)
      throw new AggregateError(errors, `cleaning up failed: ${errors.map(String).join('; ')}`);
  }
}
