import { fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { reasonOf } from './reason.js';

/** Lines that could not be written. */
export interface Losses {
  readonly lines: number;
  /** Why the last of them could not. */
  readonly reason: string;
}

/** Where log lines go. Never waits and never throws: a log that cannot be written is no reason to be deaf. */
export interface LogSink {
  write(line: string): void;
  /** Writes the line that tells what was lost, if anything was and there is room again. */
  reportLosses(lineFor: (losses: Losses) => string): void;
  /** The lines lost since they were last reported or taken. */
  takeLosses(): Losses | undefined;
  /** Settles when everything is handed to the system, or cannot be. */
  flush(): Promise<void>;
}

/** A reader that falls this many bytes behind misses lines. */
const MOST_WAITING = 1024 * 1024;

/** Milliseconds that a reader has at the end to take what is left. */
const FLUSH_MILLISECONDS = 1_000;

/** The sink for a file descriptor: a pipe or socket may be slow, a file or terminal may only fail. */
export function logSink(fd: number): LogSink {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket() ? new PipeSink(fd) : new FileSink(fd);
}

abstract class CountingSink implements LogSink {
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

class FileSink extends CountingSink {
  readonly #fd: number;
  /** What is left of a line in whose middle the disk became full. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  protected put(line: string): string | undefined {
    try {
      // Whoever emptied the file has taken the beginning of that line away.
      if (this.#rest.length > 0 && fstatSync(this.#fd).size === 0) {
        this.#rest = Buffer.alloc(0);
        this.lose('the file was emptied');
      }
      if (this.#rest.length > 0) this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest));
      if (this.#rest.length > 0) return 'no space left on device';
      const bytes = Buffer.from(line);
      this.#rest = bytes.subarray(writeSync(this.#fd, bytes));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }
}

class PipeSink extends CountingSink {
  readonly #socket: Socket;
  #broken: string | undefined;

  constructor(fd: number) {
    super();
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on('error', (error) => {
      this.#broken = reasonOf(error);
    });
    this.#socket.unref();
  }

  async flush(): Promise<void> {
    if (this.#broken !== undefined || this.#socket.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MILLISECONDS);
      this.#socket.write('', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  protected put(line: string): string | undefined {
    if (this.#broken !== undefined) return this.#broken;
    if (this.#socket.writableLength > MOST_WAITING) return 'the reader of the log is too slow';
    this.#socket.write(line);
    return undefined;
  }
}
