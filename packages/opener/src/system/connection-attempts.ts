import { connect, type Socket } from 'node:net';
import { isSystemError } from './reason.js';

/**
 * Tries to connect to one TCP port until an attempt gets through. An attempt goes on beside those that come
 * after it: a door that drops packets makes the kernel wait a second before it asks again, and a far server
 * takes a good part of one to answer.
 */
export class ConnectionAttempts {
  /** Whether any attempt was refused. */
  refused = false;
  /** Whether any attempt found no way there, or nobody at its end. */
  unreachable = false;
  readonly address: string;
  readonly #port: number;
  readonly #pending = new Set<Socket>();
  #open: Socket | undefined;
  #notify: (() => void) | undefined;
  #closed = false;

  constructor(address: string, port: number) {
    this.address = address;
    this.#port = port;
  }

  /** Makes one more attempt. */
  start(): void {
    // Half-open: the far end may have said all that it has to say, and still listen.
    const socket = connect({ host: this.address, port: this.#port, allowHalfOpen: true, noDelay: true });
    this.#pending.add(socket);
    socket.once('connect', () => {
      this.#pending.delete(socket);
      this.#open = socket;
      this.#endPending();
      this.#notify?.();
    });
    socket.on('error', (error) => {
      this.#pending.delete(socket);
      if (!isSystemError(error)) return;
      if (error.code === 'ECONNREFUSED') this.refused = true;
      if (error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH') this.unreachable = true;
    });
  }

  /**
   * Waits for an attempt to get through.
   * @param patience milliseconds
   * @returns nothing if none did in time, or the attempts were given up
   */
  async openWithin(patience: number): Promise<Socket | undefined> {
    if (this.#open === undefined && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patience);
        this.#notify = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#closed ? undefined : this.#open;
  }

  get givenUp(): boolean {
    return this.#closed;
  }

  /** Ends every attempt, also one that got through. */
  giveUp(): void {
    this.#closed = true;
    this.#endPending();
    this.#open?.destroy();
    this.#notify?.();
  }

  #endPending(): void {
    for (const socket of this.#pending) socket.destroy();
    this.#pending.clear();
  }
}
