import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Host, Network } from './network.js';
import { waitFor } from './wait.js';

/** Every frame that a host's interface carries, as tcpdump's lines. */
export class Wiretap {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('no standard output');
    createInterface({ input: child.stdout }).on('line', (line) => this.#lines.push(line));
  }

  static async start(network: Network, host: Host): Promise<Wiretap> {
    const argv = ['tcpdump', '-i', host.interface, '-nn', '-l', '--immediate-mode'];
    const child = network.start(host, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    const tap = new Wiretap(child);
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await waitFor('tcpdump to listen', () => said.includes('listening on') || undefined);
    return tap;
  }

  async stop(): Promise<readonly string[]> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await closed;
    return this.#lines;
  }
}
