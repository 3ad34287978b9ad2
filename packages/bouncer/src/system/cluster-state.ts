import type { ClusterStatus, OnFailure } from '../core/cluster-status.js';
import { printable } from '../core/printable.js';
import type { Log } from './log.js';

/** Longest reason that is told, in characters: what a store says has no end of its own. */
const MOST_REASON = 800;

/** How a gateway stands to its cluster's store, and since when. Each change is logged. */
export class ClusterState {
  readonly #onFailure: OnFailure;
  readonly #log: Log;
  #state: ClusterStatus['state'] = 'away';
  #since = Date.now();
  #reason: string | undefined = 'it was not asked yet';
  /** Settles when something can be said. */
  readonly told: Promise<void>;
  #tell: (() => void) | undefined;

  constructor(onFailure: OnFailure, log: Log) {
    this.#onFailure = onFailure;
    this.#log = log;
    this.told = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  get status(): Pick<ClusterStatus, 'state' | 'since' | 'reason' | 'on_failure'> {
    return {
      state: this.#state,
      since: new Date(this.#since).toISOString(),
      reason: this.#reason ?? null,
      on_failure: this.#onFailure,
    };
  }

  /**
   * @param cause why the store is not trusted, if it is not
   * @param members how many other gateways there are
   */
  becomes(state: ClusterStatus['state'], cause: string | undefined, members: number): void {
    const reason = cause && printable(cause.slice(0, MOST_REASON));
    this.#reason = reason;
    if (state === this.#state && this.#tell === undefined) return;
    this.#tell?.();
    this.#tell = undefined;
    this.#state = state;
    this.#since = Date.now();
    if (reason === undefined) {
      this.#log.info({ members }, `the cluster's store is relied on, with ${members} other gateways`);
      return;
    }
    const what = state === 'away' ? 'cannot be reached' : 'cannot be relied on';
    const then =
      this.#onFailure === 'closed'
        ? 'NOTHING IS ACCEPTED until it can'
        : 'a packet that works here may work at the other gateways, too, until it can';
    const fields = { reason, on_failure: this.#onFailure };
    this.#log.error(fields, `the cluster's store ${what}: ${reason}; ${then}`);
  }
}
