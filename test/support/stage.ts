import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { Bouncer, type LogRecord } from './bouncer.js';
import { Cleanup } from './cleanup.js';
import { Installation } from './installation.js';
import { Network } from './network.js';
import { needsRoot } from './root.js';
import { Sender } from './sender.js';

interface Set {
  readonly network: Network;
  readonly installation: Installation;
}

/**
 * What a test plays on: a network, an installation on its server, and whatever is started there. All
 * of it is gone when the stage is closed, also after a test that failed halfway.
 */
export class Stage {
  #set: Set | undefined;
  readonly #cleanup = new Cleanup();

  /** Sets the stage, or skips the test if that takes a privilege which is missing. */
  open(context: Context): void {
    needsRoot(context);
    const network = Network.make();
    this.whenClosed(() => {
      network.remove();
    });
    const installation = Installation.make();
    this.whenClosed(() => {
      installation.remove();
    });
    this.#set = { network, installation };
  }

  get network(): Network {
    return this.#opened.network;
  }

  get installation(): Installation {
    return this.#opened.installation;
  }

  /** Starts the daemon on the server and waits until it listens. */
  async bouncer(options: string[] = []): Promise<Bouncer> {
    const bouncer = this.spawnBouncer(options);
    await bouncer.logged('listening', ({ msg }) => msg.startsWith('listening on '));
    return bouncer;
  }

  /** Starts the daemon on the server without waiting for anything. */
  spawnBouncer(options: string[] = []): Bouncer {
    const { network, installation } = this.#opened;
    const bouncer = Bouncer.spawn(network, network.server, installation, options);
    this.whenClosed(() => bouncer.kill());
    return bouncer;
  }

  /** A sender on the client. */
  sender(): Sender {
    const { network } = this.#opened;
    const sender = new Sender(network, network.client);
    this.whenClosed(() => sender.close());
    return sender;
  }

  /** Lets the client, and nobody else, find both addresses of the server under a name. */
  nameServer(name: string): void {
    const { network, installation } = this.#opened;
    const etc = installation.path('etc');
    cpSync('/etc', etc, { recursive: true, verbatimSymlinks: true });
    const { ipv4, ipv6 } = network.server;
    writeFileSync(join(etc, 'hosts'), `${ipv4} ${name}\n${ipv6} ${name}\n`);
    network.cover(network.client, '/etc', etc);
  }

  /** Has something undone when the stage is closed; what was done last is undone first. */
  whenClosed(step: () => unknown): void {
    this.#cleanup.add(step);
  }

  /** Undoes everything, whatever fails meanwhile. */
  async close(): Promise<void> {
    try {
      await this.#cleanup.run();
    } finally {
      this.#set = undefined;
    }
  }

  get #opened(): Set {
    if (this.#set === undefined) throw new Error('the stage is not open');
    return this.#set;
  }
}

/** Sends one packet to the server and waits for the decision on it. */
export async function decisionOn(
  { network }: Stage,
  bouncer: Bouncer,
  sender: Sender,
  packet: Uint8Array,
  { address = network.server.ipv4, port }: { address?: string; port?: number } = {},
): Promise<LogRecord> {
  const from = bouncer.records.length;
  await sender.send(packet, address, port);
  return bouncer.logged('a decision', ({ decision }) => decision !== undefined, from);
}
