import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Host, Network } from './network.js';
import { repositoryPath } from './paths.js';

export type CallerOrder =
  | {
      /** Whether to keep the connection; there is one that is kept. */
      readonly kind: 'try' | 'keep';
      readonly address: string;
      readonly port: number;
      /** The caller's own address, if it is to be a certain one. */
      readonly from?: string;
    }
  /** Whether the connection that was kept still works. */
  | { readonly kind: 'echo' };

/** Makes connections from a host, one after the other, from a process that lives in its namespace. */
export class Caller {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(network: Network, host: Host) {
    this.#child = network.start(
      host,
      [process.execPath, repositoryPath('build/test/support/caller-main.js')],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    if (this.#child.stdout === null) throw new Error('no standard output');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns `open`, `refused`, or `closed` if nothing answers */
  async call(order: CallerOrder): Promise<string> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    return String((await this.#answers.next()).value);
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
