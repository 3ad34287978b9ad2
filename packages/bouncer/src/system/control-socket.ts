import type { RequestListener } from 'node:http';
import { ControlServer } from './control-server.js';
import type { Log } from './log.js';
import { reasonOf } from './reason.js';

/**
 * Keeps the control server where the config wants it. Whatever goes wrong with it is logged, and the
 * daemon goes on: its owner gets in by packets, not by this.
 */
export class ControlSocket {
  readonly #listener: RequestListener;
  readonly #log: Log;
  #server: ControlServer | undefined;

  constructor(listener: RequestListener, log: Log) {
    this.#listener = listener;
    this.#log = log;
  }

  /** Listens at the path, if that is not so already; also if the socket there was removed. */
  async follow(path: string): Promise<void> {
    try {
      if ((await this.#server?.serves(path)) === true) return;
      const former = this.#server;
      this.#server = await ControlServer.open(path, this.#listener);
      await former?.close();
    } catch (error) {
      const reason = reasonOf(error);
      this.#log.error(
        { reason, control_socket: path },
        `no control socket at ${path}: ${reason}; tried again at the next reload`,
      );
    }
  }

  async close(): Promise<void> {
    try {
      await this.#server?.close();
    } catch (error) {
      this.#log.warn({ reason: reasonOf(error) }, `the control socket was not removed: ${reasonOf(error)}`);
    }
  }
}
