import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Host, Network } from './network.js';
import { repositoryPath } from './paths.js';

/** Something that listens on ports of a host. */
export class Service {
  /** A line for each datagram: port and source, such as `udp/5000 192.0.2.2`. */
  readonly datagrams: string[] = [];

  /** Starts it and waits until it listens. It ends with its network. */
  static async start(network: Network, host: Host, ports: readonly string[]): Promise<Service> {
    const service = new Service();
    const program = repositoryPath('build/test/support/service-main.js');
    const child = network.start(host, [process.execPath, program, ...ports], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new Error('no standard output');
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    lines.on('line', (line) => service.datagrams.push(line));
    return service;
  }
}
