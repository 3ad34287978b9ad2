import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { waitFor } from '../../test/support/wait.js';

/** What junk looks like: see flood.c. */
export interface Junk {
  readonly shape: 'any' | 'packet' | 'text';
  /** The first bytes, in hexadecimal. */
  readonly head: string;
}

/** How far a flood has come. */
export interface FloodMark {
  /** Nanoseconds of the monotonic clock. */
  readonly time: number;
  readonly sent: number;
  /** Nanoseconds of CPU time of the process that sends, and of the kernel on its behalf. */
  readonly cpu: number;
}

/** Junk that goes on until it is stopped. */
export class Flood {
  readonly #child: ChildProcess;
  readonly #marks: FloodMark[] = [];

  /** @param child `flood`, started in the client's namespace */
  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('no standard output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [time = NaN, sent = NaN, cpu = NaN] = line.split(' ').map(Number);
      this.#marks.push({ time, sent, cpu });
    });
  }

  /** Waits for its next mark, at most a tenth of a second away when it can run at all. */
  async mark(): Promise<FloodMark> {
    const seen = this.#marks.length;
    return waitFor('a mark of the flood', () => this.#marks.slice(seen).at(-1), 15_000);
  }

  /** Ends it. @returns its last mark, after which it has sent nothing */
  async stop(): Promise<FloodMark> {
    const closed = once(this.#child, 'close');
    this.#child.stdin?.end();
    await closed;
    const last = this.#marks.at(-1);
    if (last === undefined) throw new Error('the flood ended early');
    return last;
  }
}
