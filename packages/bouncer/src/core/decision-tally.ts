import { formatAddress } from './address.js';
import type { Accept, Reject, RejectReason } from './verdict.js';

/** The latest acceptance of a client. */
export interface LastAcceptance {
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly action: string;
  /** The address acted for, as text. */
  readonly address: string;
}

/** Counts decisions since the start. Its size is bounded by the reasons and what the config names. */
export class DecisionTally {
  readonly #rejected = new Map<RejectReason, number>();
  readonly #accepted = new Map<string, number>();
  readonly #last = new Map<string, LastAcceptance>();
  #acceptedInAll = 0;

  /** @param unix milliseconds */
  accept({ claim, address }: Accept, unix: number): void {
    const { client, action } = claim;
    this.#acceptedInAll++;
    this.#accepted.set(action, (this.#accepted.get(action) ?? 0) + 1);
    this.#last.set(client, { at: unix, action, address: formatAddress(address) });
  }

  reject({ reason }: Reject): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1);
  }

  /** Forgets what is told of clients and actions that are not there any more. */
  keep(clients: ReadonlySet<string>, actions: ReadonlySet<string>): void {
    for (const client of this.#last.keys()) if (!clients.has(client)) this.#last.delete(client);
    for (const action of this.#accepted.keys()) if (!actions.has(action)) this.#accepted.delete(action);
  }

  get acceptedInAll(): number {
    return this.#acceptedInAll;
  }

  /** Number of acceptances by action. */
  get accepted(): ReadonlyMap<string, number> {
    return this.#accepted;
  }

  get rejected(): ReadonlyMap<RejectReason, number> {
    return this.#rejected;
  }

  lastOf(client: string): LastAcceptance | undefined {
    return this.#last.get(client);
  }
}
