import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { FileSink } from './file-sink.js';
import { reasonOf } from './reason.js';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/** O_NONBLOCK, so that a pipe in the file's place does not wait for its reader. */
const FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK;

/** The group is for log watchers: logrotate(8) gives the file to `adm`. */
const MODE = 0o640;

/** Milliseconds before a file that could not be opened is tried again. */
const PAUSE = 1_000;

/** No descriptor. */
const NONE = -1;

/** A file that the log goes to, opened anew whenever somebody has moved it away and says so. */
export class LogFile extends FileSink {
  #path: string | undefined;
  #descriptor = NONE;
  #tried = -Infinity;
  #problem = '';

  constructor() {
    super(NONE);
  }

  /**
   * Goes over to another file, or to none.
   * @returns why it cannot be written, if so; it is tried again
   */
  follow(path: string | undefined): string | undefined {
    if (path === this.#path && this.#descriptor !== NONE) return undefined;
    this.#path = path;
    return this.reopen();
  }

  /** Opens the file anew. @returns why it cannot be written, if so; it is tried again */
  reopen(): string | undefined {
    const former = this.#descriptor;
    this.#use(NONE);
    if (former !== NONE) closeSync(former);
    return this.#path === undefined ? undefined : this.#tryToOpen(this.#path);
  }

  protected override put(line: string): string | undefined {
    if (this.#path === undefined) return undefined;
    if (this.#descriptor === NONE) {
      const mayTry = performance.now() - this.#tried >= PAUSE;
      if (!mayTry || this.#tryToOpen(this.#path) !== undefined) return this.#problem;
    }
    return super.put(line);
  }

  #tryToOpen(path: string): string | undefined {
    this.#tried = performance.now();
    try {
      const descriptor = openSync(path, FLAGS, MODE);
      const refusal = distrust(descriptor);
      if (refusal === undefined) {
        this.#use(descriptor);
        return undefined;
      }
      closeSync(descriptor);
      this.#problem = `${path} ${refusal}`;
    } catch (error) {
      this.#problem = reasonOf(error);
    }
    return this.#problem;
  }

  #use(descriptor: number): void {
    this.#descriptor = descriptor;
    this.goOverTo(descriptor);
  }
}

/** Why an open file is not one to write a log to, if so. */
function distrust(descriptor: number): string | undefined {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return 'is not a regular file';
  const isOurs = stats.uid === 0 || stats.uid === process.geteuid?.();
  return isOurs ? undefined : 'belongs to another user';
}
