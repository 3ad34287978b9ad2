import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { Cleanup } from '../../test/support/cleanup.js';
import { Installation } from '../../test/support/installation.js';
import { Network } from '../../test/support/network.js';
import { ActionLog } from './action-log.js';
import { Flood, type Junk } from './flood.js';
import type { Programs } from './programs.js';
import { RequestSender } from './request-sender.js';

/** Where junk comes from: not the address of the valid packets, so that no peer takes the one for the other. */
const FLOOD_SOURCE = '192.0.2.66';

const open = new Set<Arena>();

/** A network, a folder and a sender for one contender at a time. */
export class Arena {
  readonly network: Network;
  readonly installation: Installation;
  readonly actions: ActionLog;
  readonly programs: Programs;
  readonly sender: RequestSender;
  readonly #cleanup = new Cleanup();

  private constructor(programs: Programs) {
    open.add(this);
    this.programs = programs;
    this.installation = Installation.make();
    this.#cleanup.add(() => {
      this.installation.remove();
    });
    this.network = Network.make();
    this.#cleanup.add(() => {
      this.network.remove();
    });
    const { network, installation } = this;
    const { namespace, interface: device } = network.client;
    network.run(network.client, ['ip', 'addr', 'add', `${FLOOD_SOURCE}/24`, 'dev', device]);
    network.run(network.client, ['ip', '-n', namespace, 'link', 'set', device, 'txqueuelen', '10000']);
    this.actions = new ActionLog(installation.path('actions'));
    this.#cleanup.add(() => this.actions.close());
    this.sender = new RequestSender(
      network.start(network.client, [programs.send, network.server.ipv4], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    this.#cleanup.add(() => this.sender.close());
  }

  /** Does something in a new arena, which is gone afterwards, whatever happens. */
  static async with<Result>(programs: Programs, work: (arena: Arena) => Promise<Result>): Promise<Result> {
    const arena = new Arena(programs);
    try {
      return await work(arena);
    } finally {
      await arena.#close();
    }
  }

  /** Removes what is left of all arenas at once: for when the run itself is ended. */
  static removeAll(): void {
    for (const { network, installation } of open) {
      network.remove();
      installation.remove();
    }
  }

  /** Starts a program on the server. */
  start(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return this.network.start(this.network.server, argv, { stdio: 'ignore', ...options });
  }

  /** Starts junk from the client to the server. */
  flood(junk: Junk, port: number, rate: number): Flood {
    const { network, programs } = this;
    const words = [
      network.server.ipv4,
      FLOOD_SOURCE,
      port,
      rate,
      junk.shape,
      junk.head === '' ? '-' : junk.head,
    ];
    return new Flood(
      network.start(network.client, [programs.flood, ...words.map(String)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
  }

  async #close(): Promise<void> {
    await this.#cleanup.run();
    open.delete(this);
  }
}
