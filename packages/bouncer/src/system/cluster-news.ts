import type { ClusterGrants } from './cluster-grants.js';
import type { Log } from './log.js';
import { reasonOf } from './reason.js';

/** Changes of grants that wait while others are taken up. */
const MOST_LINES = 10_000;

/** Takes up what the other gateways tell of grants: one after the other, so that nothing is opened that was revoked meanwhile. */
export class ClusterNews {
  readonly #grants: ClusterGrants;
  readonly #log: Log;
  readonly #lines: string[] = [];
  #heard = 0;
  #hearing: Promise<void> = Promise.resolve();

  constructor(grants: ClusterGrants, log: Log) {
    this.#grants = grants;
    this.#log = log;
  }

  /** How many changes were heard of, of those that the store counts. */
  get heard(): number {
    return this.#heard;
  }

  /** Takes a change; those that come while something is taken up are so together after it. */
  told(line: string): void {
    // What is beyond is not counted as heard either, so that the next look makes up for it.
    if (this.#lines.length === MOST_LINES) return;
    this.#heard++;
    this.#lines.push(line);
    if (this.#lines.length === 1) void this.#take(() => this.#lines.splice(0));
  }

  /** Takes all that the store has. @param changes how many have led to it */
  async read(lines: readonly string[], changes: number): Promise<void> {
    this.#heard = changes;
    await this.#take(() => lines);
  }

  #take(lines: () => readonly string[]): Promise<void> {
    this.#hearing = this.#hearing.then(async () => {
      try {
        await this.#grants.hear(lines());
      } catch (err) {
        this.#log.error({ err }, `grants of other gateways could not be taken up: ${reasonOf(err)}`);
      }
    });
    return this.#hearing;
  }
}
