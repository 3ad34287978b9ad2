/** Places for running actions: so many at once, and no more. */
export class ActionSlots {
  #most: number;
  #taken = 0;
  #onIdle: (() => void) | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Number of places taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes a place, if there is one; it has to be given back. */
  take(): boolean {
    if (this.#taken >= this.#most) return false;
    this.#taken++;
    return true;
  }

  giveBack(): void {
    this.#taken--;
    if (this.#taken === 0) this.#onIdle?.();
  }

  /** Goes on with another limit; what is taken stays taken. */
  limit(most: number): void {
    this.#most = most;
  }

  /** Settles when no place is taken. */
  async idle(): Promise<void> {
    if (this.#taken === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
