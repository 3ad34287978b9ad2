import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, Network } from './network.js';
import type { Sender } from './sender.js';
import { waitFor } from './wait.js';

/** Where what is sent only finds its way (RFC 863). */
const DISCARD_PORT = 9;

/** Waits until frames can pass between the two hosts, and until what waited for that has passed. */
export async function linked(network: Network, sender: Sender): Promise<void> {
  const { server, client } = network;
  for (const host of [server, client]) {
    await waitFor(`${host.interface} to be up`, () => operates(network, host) || undefined);
  }
  for (const address of [server.ipv4, server.ipv6]) {
    await sender.send(Buffer.of(0), address, DISCARD_PORT);
    const isKnown = (): boolean =>
      network.run(client, ['ip', 'neigh', 'show', 'to', address]).includes('lladdr');
    await waitFor(`the client to find ${address}`, () => isKnown() || undefined);
  }
  await sleep(50);
}

function operates(network: Network, host: Host): boolean {
  return network.run(host, ['cat', `/sys/class/net/${host.interface}/operstate`]).trim() === 'up';
}
