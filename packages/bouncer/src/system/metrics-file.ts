import { rename, rm, writeFile } from 'node:fs/promises';
import type { Status } from '../core/status.js';
import type { Log } from './log.js';
import { reasonOf } from './reason.js';

const PERIOD = 15_000;

/** Writes the metrics to a file for node_exporter's textfile collector, every 15 seconds. */
export class MetricsFile {
  readonly #status: () => Status;
  readonly #log: Log;
  #path: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;

  constructor(status: () => Status, log: Log) {
    this.#status = status;
    this.#log = log;
  }

  /** Goes over to another path, or to none. */
  async follow(path: string | undefined): Promise<void> {
    if (path === this.#path) return;
    this.stop();
    this.#path = path;
    this.#failed = false;
    if (path === undefined) return;
    this.#timer = setInterval(() => void this.#write(path), PERIOD);
    await this.#write(path);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#path = undefined;
  }

  /** A reader finds the whole of it, the old or the new. */
  async #write(path: string): Promise<void> {
    const fresh = `${path}.${process.pid}`;
    try {
      const { metricsText } = await import('./metrics.js');
      await rm(fresh, { force: true });
      // Never into a file that is there: others may be able to put a link into the folder.
      await writeFile(fresh, await metricsText(this.#status()), { flag: 'wx', mode: 0o644 });
      await rename(fresh, path);
      this.#failed = false;
    } catch (error) {
      const reason = reasonOf(error);
      if (!this.#failed) this.#log.error({ reason, path }, `the metrics could not be written: ${reason}`);
      this.#failed = true;
    }
  }
}
