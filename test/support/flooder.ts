import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Host, Network } from './network.js';
import { PORT } from './installation.js';
import { repositoryPath } from './paths.js';

/** What a flood is made of: datagrams of a packet's length, alike in their first bytes and random after them. */
export interface Flood {
  /** The first bytes, in hexadecimal. */
  readonly head: string;
  readonly address: string;
  readonly port: number;
  /** Datagrams after which it ends by itself. */
  readonly most: number;
  /** At most so many datagrams in so many milliseconds; without it, as many as it can. It makes up for none. */
  readonly pace?: { readonly datagrams: number; readonly milliseconds: number };
}

/** A host's process that sends junk as fast as it can. */
export class Flooder {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  static start(network: Network, host: Host, flood: Omit<Flood, 'port'>): Flooder {
    const argv = [process.execPath, repositoryPath('build/test/support/flooder-main.js')];
    const flooder = new Flooder(network.start(host, argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
    flooder.#child.stdin?.write(`${JSON.stringify({ ...flood, port: PORT })}\n`);
    return flooder;
  }

  /** Settles when it has sent all it may. @returns how many datagrams it has sent */
  async finish(): Promise<number> {
    await this.#ended;
    const sent = Number(this.#said);
    if (this.#said === '' || Number.isNaN(sent)) throw new Error(`the flood ended early: ${this.#said}`);
    return sent;
  }

  /** Ends it. @returns how many datagrams it has sent */
  async stop(): Promise<number> {
    this.#child.stdin?.end();
    return this.finish();
  }
}
