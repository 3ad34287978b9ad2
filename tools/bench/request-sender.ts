import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One datagram that asks for something, or one of several that do so together. */
export interface Knock {
  readonly port: number;
  readonly payload: Uint8Array;
}

/** All that one request consists of, in the order of sending. */
export type Request = readonly Knock[];

/** Sends requests from the client, and says when. */
export class RequestSender {
  readonly #child: ChildProcess;
  readonly #replies: AsyncIterator<string>;

  /** @param child `send`, started in the client's namespace */
  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('no standard output');
    this.#replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns the nanosecond of the monotonic clock just before its last datagram went to the kernel */
  async send(request: Request): Promise<number> {
    const words = request.map(({ port, payload }) => `${port} ${Buffer.from(payload).toString('hex')}`);
    this.#child.stdin?.write(`${words.join(' ')}\n`);
    const { value } = (await this.#replies.next()) as { value: unknown };
    if (typeof value !== 'string') throw new Error('the sender ended early');
    return Number(value);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.stdin?.end();
    await closed;
  }
}
