import { Turns } from './turns.js';

/** A write that is made anew whenever it is asked for: one after the other, and those that wait are one. */
export class MergedWrite {
  readonly #write: () => Promise<void>;
  /** The one that has not begun yet. */
  #next: Promise<void> | undefined;
  readonly #turns = new Turns();

  /** @param write writes what there is when it begins */
  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /**
   * Settles when what there is now is written.
   * @throws whatever the write does
   */
  again(): Promise<void> {
    this.#next ??= this.#turns.take(() => {
      this.#next = undefined;
      return this.#write();
    });
    return this.#next;
  }

  /** Waits for the writes that were asked for. Never throws. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }
}
