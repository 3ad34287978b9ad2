import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { waitFor } from '../../test/support/wait.js';

/** A FIFO in which each run of the action leaves the time of its first instruction. */
export class ActionLog {
  readonly path: string;
  /** Nanoseconds of the monotonic clock, in the order in which they were written. */
  readonly times: number[] = [];
  readonly #socket: Socket;

  constructor(path: string) {
    this.path = path;
    execFileSync('mkfifo', ['-m', '600', path]);
    // Opened for both, it does not end when a writer goes.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    createInterface({ input: this.#socket }).on('line', (line) => this.times.push(Number(line)));
  }

  /** Waits until so many actions have run. @returns whether it came to that in time */
  async reaches(count: number, milliseconds: number): Promise<boolean> {
    try {
      await waitFor('actions', () => this.times.length >= count || undefined, milliseconds);
      return true;
    } catch {
      return false; // they were lost, which is a result
    }
  }

  /** Waits until so many have run, or none has for a while. @returns how many have */
  async settles(count: number, quietMilliseconds: number, mostMilliseconds: number): Promise<number> {
    const deadline = performance.now() + mostMilliseconds;
    let seen = -1;
    while (this.times.length > seen && this.times.length < count && performance.now() < deadline) {
      seen = this.times.length;
      await this.reaches(Math.min(count, seen + 1), quietMilliseconds);
    }
    return this.times.length;
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }
}
