import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** One end of a network: a host of its own. */
export interface Host {
  /** Name of its network namespace. */
  readonly namespace: string;
  readonly interface: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** A shell's script that mounts $0 over $1 and becomes the command after it. */
const COVER = 'folder=$1; shift; mount --bind "$0" "$folder" && exec "$@"';

let made = 0;

/** Two hosts, `server` and `client`, in network namespaces of their own, joined by a veth pair. */
export class Network {
  readonly server: Host;
  readonly client: Host;
  readonly #covers: { readonly host: Host; readonly folder: string; readonly by: string }[] = [];

  private constructor() {
    const name = `bouncer-${process.pid}-${++made}`;
    this.server = {
      namespace: `${name}-s`,
      interface: 'veth-s',
      ipv4: '192.0.2.1',
      ipv6: '2001:db8::1',
    };
    this.client = {
      namespace: `${name}-c`,
      interface: 'veth-c',
      ipv4: '192.0.2.2',
      ipv6: '2001:db8::2',
    };
  }

  static make(): Network {
    const network = new Network();
    try {
      for (const { namespace } of network.#hosts()) {
        ip('netns', 'add', namespace);
        ip('-n', namespace, 'link', 'set', 'lo', 'up');
      }
      network.connect();
      return network;
    } catch (error) {
      network.remove();
      throw error;
    }
  }

  /** Makes the veth pair with its addresses. */
  connect(): void {
    const { server, client } = this;
    ip(
      '-n',
      server.namespace,
      'link',
      'add',
      server.interface,
      'type',
      'veth',
      'peer',
      'name',
      client.interface,
      'netns',
      client.namespace,
    );
    for (const host of this.#hosts()) {
      ip('-n', host.namespace, 'addr', 'add', `${host.ipv4}/24`, 'dev', host.interface);
      ip('-n', host.namespace, 'addr', 'add', `${host.ipv6}/64`, 'dev', host.interface, 'nodad');
      ip('-n', host.namespace, 'link', 'set', host.interface, 'up');
    }
  }

  /** Removes the veth pair, as if the network card had been pulled out. */
  disconnect(): void {
    ip('-n', this.server.namespace, 'link', 'del', this.server.interface);
  }

  /** Takes the server's interface down or up. IPv6 addresses are put back, since the kernel forgets them. */
  setLink(state: 'up' | 'down'): void {
    const { namespace, ipv6, interface: device } = this.server;
    ip('-n', namespace, 'link', 'set', device, state);
    if (state === 'up') ip('-n', namespace, 'addr', 'replace', `${ipv6}/64`, 'dev', device, 'nodad');
  }

  /** Drops everything that comes to the server's port, silently, as an administrator's firewall would. */
  dropPort(port: number): void {
    const ruleset = `table inet closed {
      chain input { type filter hook input priority filter; udp dport ${port} drop; }
    }`;
    this.run(this.server, ['nft', '-f', '-'], ruleset);
  }

  /** Runs a command on a host to its end. @returns its standard output */
  run(host: Host, argv: readonly string[], input = ''): string {
    return execFileSync('ip', this.#command(host, argv), {
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Starts a command on a host. `ip` becomes the command, so the process is the command's. */
  start(host: Host, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('ip', this.#command(host, argv), options);
  }

  /** Has what is run on a host from now on find another folder in the place of one of the machine's. */
  cover(host: Host, folder: string, by: string): void {
    this.#covers.push({ host, folder, by });
  }

  /** Ends what still runs in the namespaces and removes them. */
  remove(): void {
    for (const { namespace } of this.#hosts()) removeNamespace(namespace);
  }

  /** The arguments of `ip` that run a command on a host; its mounts are seen by no other (ip-netns(8)). */
  #command(host: Host, argv: readonly string[]): string[] {
    const covers = this.#covers.filter((cover) => cover.host === host);
    const mounting = covers.flatMap(({ folder, by }) => ['sh', '-c', COVER, by, folder]);
    return ['netns', 'exec', host.namespace, ...mounting, ...argv];
  }

  #hosts(): readonly Host[] {
    return [this.server, this.client];
  }
}

export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Ends what still runs in a namespace and removes it, whatever is gone already. */
export function removeNamespace(namespace: string): void {
  for (const pid of pidsIn(namespace)) killIfThere(pid);
  tolerate(() => {
    ip('netns', 'del', namespace);
  });
}

function pidsIn(namespace: string): number[] {
  let pids: number[] = [];
  tolerate(() => {
    pids = ip('netns', 'pids', namespace).split('\n').filter(Boolean).map(Number);
  });
  return pids;
}

function killIfThere(pid: number): void {
  tolerate(() => {
    process.kill(pid, 'SIGKILL');
  });
}

/** Cleaning up goes on whatever is gone already. */
function tolerate(work: () => void): void {
  try {
    work();
  } catch {
    // Gone already.
  }
}
