/** Milliseconds between two looks of the line: often enough to be seen alive. */
const INTERVAL = 100;

const USUAL_COLUMNS = 80;

/** Back to the line's beginning, and clear what it held (ECMA-48 EL). */
const CLEAR_LINE = '\r\u001b[K';

/** One line that tells of something going on, on a terminal only; gone when it is over. */
export class Progress {
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param line what to show now */
  constructor(line: () => string) {
    if (!process.stderr.isTTY) return;
    const show = (): void => {
      // Some terminals do not tell their width.
      const columns = process.stderr.columns || USUAL_COLUMNS;
      process.stderr.write(`${CLEAR_LINE}opener: ${line().slice(0, columns - '\ropener: '.length)}`);
    };
    show();
    this.#timer = setInterval(show, INTERVAL);
  }

  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    process.stderr.write(CLEAR_LINE);
  }
}
