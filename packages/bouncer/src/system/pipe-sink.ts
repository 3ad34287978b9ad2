import { Socket } from 'node:net';
import { CountingSink } from './counting-sink.js';
import { reasonOf } from './reason.js';

/** A reader that falls this many bytes behind misses lines. */
export const MOST_WAITING = 1024 * 1024;

/** Milliseconds that a reader has at the end to take what is left. */
export const FLUSH_MILLISECONDS = 1_000;

/** Writes to a pipe or socket, whose reader may be slow. */
export class PipeSink extends CountingSink {
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
