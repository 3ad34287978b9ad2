import type { LogSink, Losses } from './log-sink.js';

/** A sink that counts what could not be written, until it can say so. */
export abstract class CountingSink implements LogSink {
  #losses: Losses | undefined;

  write(line: string): void {
    const reason = this.put(line);
    if (reason !== undefined) this.lose(reason);
  }

  protected lose(reason: string): void {
    this.#losses = { lines: (this.#losses?.lines ?? 0) + 1, reason };
  }

  reportLosses(lineFor: (losses: Losses) => string): void {
    if (this.#losses !== undefined && this.put(lineFor(this.#losses)) === undefined) this.#losses = undefined;
  }

  takeLosses(): Losses | undefined {
    const losses = this.#losses;
    this.#losses = undefined;
    return losses;
  }

  abstract flush(): Promise<void>;

  /** @returns why the line could not be written, if it could not */
  protected abstract put(line: string): string | undefined;
}
