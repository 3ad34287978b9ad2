import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** A UDP socket on a loopback address that keeps what arrives. */
export class Receiver {
  readonly datagrams: Buffer[] = [];
  readonly #socket;

  private constructor(family: 4 | 6) {
    this.#socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 });
    this.#socket.on('message', (datagram) => this.datagrams.push(datagram));
  }

  static async listen(address: '127.0.0.1' | '::1'): Promise<Receiver> {
    const receiver = new Receiver(address === '::1' ? 6 : 4);
    receiver.#socket.bind(0, address);
    await once(receiver.#socket, 'listening');
    return receiver;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Calls when a datagram has come and is kept. */
  onDatagram(call: () => void): void {
    this.#socket.on('message', call);
  }

  /** Everything that was sent before, with time for a second copy to arrive. */
  async all(): Promise<readonly Buffer[]> {
    await wait(100);
    return this.datagrams;
  }

  close(): void {
    this.#socket.close();
  }
}
