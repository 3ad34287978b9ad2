import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Host, Network } from './network.js';
import { repositoryPath } from './paths.js';
import { PORT } from './installation.js';

/** Sends datagrams from a host, one by one, from a process that lives in its namespace. */
export class Sender {
  readonly #child: ChildProcess;
  readonly #replies: AsyncIterator<string>;

  constructor(network: Pick<Network, 'start'>, host: Host) {
    this.#child = network.start(
      host,
      [process.execPath, repositoryPath('build/test/support/sender-main.js')],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    if (this.#child.stdout === null) throw new Error('no standard output');
    const lines: Interface = createInterface({ input: this.#child.stdout });
    this.#replies = lines[Symbol.asyncIterator]();
  }

  /** Sends one datagram and waits until the kernel has it. */
  async send(payload: Uint8Array, address: string, port = PORT): Promise<void> {
    const order = { payload: Buffer.from(payload).toString('base64'), address, port };
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const { value } = (await this.#replies.next()) as { value: unknown };
    if (value !== 'sent') throw new Error(`not sent: ${String(value)}`);
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin?.end();
    await closed;
  }
}
