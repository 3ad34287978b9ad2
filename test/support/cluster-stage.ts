import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '@bouncer-spa/bouncer/dist/core/status.js';
import { askDaemon } from '@bouncer-spa/bouncer/dist/system/control-client.js';
import { Bouncer, isListening } from './bouncer.js';
import { Cleanup } from './cleanup.js';
import { bouncerCommand } from './command.js';
import { Installation } from './installation.js';
import { ip, removeNamespace, type Host } from './network.js';
import { Redis } from './redis.js';
import { Sender } from './sender.js';
import { waitUntil } from './wait.js';

/** The address that all gateways have. */
export const SHARED = '192.0.2.1';

const STORE = '192.0.2.254';
const STORE_PORT = 6_379;

/** What a config says of the store of the stage; the password is in a file beside it. */
export const CLUSTER = `[cluster]\nurl = "redis://${STORE}:${STORE_PORT}"\npassword_file = "store.password"\n`;

const PASSWORD = 'not to be seen';

const PATIENCE = 20_000;

let made = 0;

/** A host of its own, with its addresses on a bridge that all of them share. */
export class ClusterHost implements Host {
  readonly namespace: string;
  readonly interface = 'eth0';
  readonly ipv4: string;
  readonly ipv6 = '';

  constructor(namespace: string, ipv4: string) {
    this.namespace = namespace;
    this.ipv4 = ipv4;
  }

  run(...argv: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.namespace, ...argv], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  }

  start(_host: Host, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.namespace, ...argv], options);
  }
}

/** A gateway: its host, its folder, and its daemon while it runs. */
export class Gateway {
  readonly host: ClusterHost;
  readonly folder: string;
  #bouncer: Bouncer | undefined;

  constructor(host: ClusterHost, folder: string) {
    this.host = host;
    this.folder = folder;
  }

  get bouncer(): Bouncer {
    if (this.#bouncer === undefined) throw new Error('the gateway is not running');
    return this.#bouncer;
  }

  get config(): string {
    return join(this.folder, 'bouncer.toml');
  }

  async start(): Promise<void> {
    this.#bouncer = Bouncer.spawn(this.host, this.host, this);
    await this.bouncer.logged('listening', isListening);
    // Then the control socket is there, too.
    await this.bouncer.logged('its start', ({ msg }) => msg === 'bouncer started');
  }

  /** Waits until the daemon says that of the cluster. */
  async becomes(state: 'trusted' | 'waiting' | 'away', members?: number): Promise<void> {
    await waitUntil(
      `${this.host.ipv4} to be ${state}`,
      async () => {
        const { cluster } = await this.status();
        return cluster?.state === state && (members === undefined || cluster.members.length === members);
      },
      PATIENCE,
    );
  }

  async status(): Promise<Status> {
    const { body } = await askDaemon(join(this.folder, 'control.sock'), 'GET', '/status');
    return body as Status;
  }

  /** Runs a command of bouncer here. @returns what it wrote */
  async command(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await bouncerCommand([...words, '-c', this.config]);
    if (status !== 0) throw new Error(`bouncer ${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Addresses that the kernel lets in through the guard. */
  open(): string[] {
    const listing = this.host.run('nft', 'list', 'table', 'inet', 'bouncer');
    return Array.from(listing.matchAll(/([\d.]+) timeout/g), ([, address = '']) => address);
  }

  async stop(): Promise<void> {
    await this.#bouncer?.kill();
  }
}

/** Gateways behind one address, a client, and a store, each a host of its own. */
export class ClusterStage {
  readonly #cleanup = new Cleanup();
  readonly #name = `bouncer-c${process.pid}-${++made}`;
  readonly installation: Installation;
  readonly gateways: readonly Gateway[];
  readonly #client: ClusterHost;
  readonly #store: ClusterHost;

  /** Makes the hosts; nothing runs on them yet. */
  constructor(count: number) {
    try {
      this.#store = this.#host('s');
      for (const words of [
        ['add', 'br0', 'type', 'bridge'],
        ['set', 'br0', 'up'],
      ])
        ip('-n', this.#store.namespace, 'link', ...words);
      ip('-n', this.#store.namespace, 'addr', 'add', `${STORE}/24`, 'dev', 'br0');
      this.#client = this.#join('c', '192.0.2.2');
      this.installation = Installation.make();
      this.#cleanup.add(() => {
        this.installation.remove();
      });
      this.gateways = Array.from({ length: count }, (_, index) => {
        const host = this.#join(`g${index}`, `192.0.2.1${index}`);
        host.run('sysctl', '-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2');
        ip('-n', host.namespace, 'addr', 'add', `${SHARED}/32`, 'dev', 'lo');
        return new Gateway(host, `${this.installation.folder}-${index}`);
      });
    } catch (error) {
      void this.#cleanup.run();
      throw error;
    }
  }

  /** Writes the same config for all; each gateway has a copy, and a state of its own. */
  configure(tables: string): void {
    this.installation.writeConfig(tables);
    this.installation.writePassword('store.password', PASSWORD);
    for (const gateway of this.gateways) this.copyTo(gateway);
  }

  copyTo({ folder }: Gateway): void {
    cpSync(this.installation.folder, folder, { recursive: true });
    this.#cleanup.add(() => {
      execFileSync('rm', ['-rf', folder]);
    });
  }

  /** Starts the store, with a password. */
  async store(): Promise<Redis> {
    const wrapper = ['ip', 'netns', 'exec', this.#store.namespace];
    const redis = await Redis.start({
      host: STORE,
      port: STORE_PORT,
      wrapper,
      config: [`requirepass "${PASSWORD}"`],
    });
    this.#cleanup.add(() => redis.remove());
    return redis;
  }

  /** Starts gateways, and waits until they know each other. */
  async start(gateways = this.gateways): Promise<void> {
    for (const gateway of gateways) this.#cleanup.add(() => gateway.stop());
    await Promise.all(gateways.map((gateway) => gateway.start()));
    if (!readFileSync(this.installation.config, 'utf8').includes('[cluster]')) return;
    for (const gateway of gateways) await gateway.becomes('trusted', gateways.length - 1);
  }

  /** A sender on the client. */
  sender(): Sender {
    const sender = new Sender(this.#client, this.#client);
    this.#cleanup.add(() => sender.close());
    return sender;
  }

  /** Has the address that all have lead to one of them. */
  route({ host }: Gateway): void {
    this.#client.run('ip', 'route', 'replace', `${SHARED}/32`, 'via', host.ipv4);
  }

  get client(): ClusterHost {
    return this.#client;
  }

  async close(): Promise<void> {
    await this.#cleanup.run();
  }

  #host(name: string, ipv4 = ''): ClusterHost {
    const host = new ClusterHost(`${this.#name}-${name}`, ipv4);
    ip('netns', 'add', host.namespace);
    this.#cleanup.add(() => {
      removeNamespace(host.namespace);
    });
    ip('-n', host.namespace, 'link', 'set', 'lo', 'up');
    return host;
  }

  /** Makes a host on the bridge. */
  #join(name: string, ipv4: string): ClusterHost {
    const host = this.#host(name, ipv4);
    const bridge = this.#store.namespace;
    const veth = ['type', 'veth', 'peer', 'name', host.interface, 'netns', host.namespace];
    ip('-n', bridge, 'link', 'add', name, ...veth);
    ip('-n', bridge, 'link', 'set', name, 'master', 'br0', 'up');
    ip('-n', host.namespace, 'addr', 'add', `${ipv4}/24`, 'dev', host.interface);
    ip('-n', host.namespace, 'link', 'set', host.interface, 'up');
    return host;
  }
}
