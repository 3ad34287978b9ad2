import { setImmediate } from 'node:timers/promises';
import {
  ClusterLedger,
  clusterGrantOf,
  grantFrom,
  keyOf,
  type ClusterGrant,
  type GrantName,
} from '../core/cluster-grant.js';
import type { Grant } from '../core/grants.js';
import type { Action, Client, Policy } from '../core/policy.js';
import { openGrant, sealGrant } from './cluster-seal.js';
import { momentNow, monotonicNow } from './clock.js';
import type { Log } from './log.js';

const MINUTE = 60_000;

/** Lines that are read before anything else may happen: some milliseconds of work. */
const AT_ONCE = 200;

/** A change of a grant for the store to tell. */
export interface Change {
  readonly line: string;
  /** The line whose place it takes. */
  readonly former: string | undefined;
  /** Unix time in milliseconds after which it is nobody's business any more. */
  readonly end: number;
}

/** Who keeps the grants here. */
export interface Keeping {
  /** The live grants. */
  all(): readonly Grant[];
  /**
   * Takes up what others have begun or extended.
   * @param isLive whether that still holds when its turn has come: it can be revoked here meanwhile
   */
  adopt(grants: readonly Grant[], isLive: (grant: Grant) => boolean): Promise<void>;
  /** Ends what was revoked elsewhere. */
  end(names: readonly GrantName[]): Promise<void>;
}

/** Turns what happens to grants here into what the others are told, and the other way round. */
export class ClusterGrants {
  readonly #keeping: Keeping;
  readonly #log: Log;
  readonly #ledger = new ClusterLedger();
  #clients: ReadonlyMap<string, readonly Client[]> = new Map();
  #actions: ReadonlyMap<string, Action> = new Map();
  #logged = -Infinity;

  constructor(keeping: Keeping, policy: Policy, log: Log) {
    this.#keeping = keeping;
    this.#log = log;
    this.follow(policy);
  }

  /** Goes over to another policy; what it knows of grants has to be heard anew. */
  follow({ clients, actions }: Policy): void {
    const byName = new Map<string, Client[]>();
    for (const client of clients) byName.set(client.name, [...(byName.get(client.name) ?? []), client]);
    this.#clients = byName;
    this.#actions = new Map(actions.map((action) => [action.name, action]));
  }

  /** Takes what has become of a grant here. @returns what the others have to be told, if anything */
  change(grant: Grant, isRevoked: boolean): Change | undefined {
    const told = clusterGrantOf(grant, isRevoked);
    const [client] = this.#clients.get(grant.client) ?? [];
    if (told === undefined || client === undefined) return undefined;
    const former = this.#ledger.lineOf(grant);
    const line = sealGrant(told, client);
    return this.#ledger.take(told, line) ? { line, former, end: told.end } : undefined;
  }

  /** All that is known and not over, with what is open here. */
  all(): readonly Change[] {
    for (const grant of this.#keeping.all()) this.change(grant, false);
    this.forget();
    return this.#ledger.lines.map(({ line, end }) => ({ line, end, former: undefined }));
  }

  /** The lines of what was revoked and would not be over yet. */
  get revoked(): readonly string[] {
    return this.#ledger.revoked;
  }

  /** Forgets what is over. */
  forget(): void {
    this.#ledger.forget(Date.now());
  }

  /** Does here what others tell, as far as it is known to be theirs and the client may have it. */
  async hear(lines: readonly string[]): Promise<void> {
    /** Of several changes of one, the last that counts. */
    const opened = new Map<string, Grant>();
    const revoked: GrantName[] = [];
    let strange = 0;
    for (const [index, line] of lines.entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
      const read = openGrant(line, (name) => this.#clients.get(name) ?? []);
      if (read === undefined) strange++;
      else if (read.grant.isRevoked) {
        if (!this.#ledger.take(read.grant, line)) continue;
        revoked.push(read.grant);
        opened.delete(keyOf(read.grant));
      } else {
        // What opens nothing is not taken: after a reload it may.
        const grant = this.#openedBy(read.grant, read.client);
        if (grant !== undefined && this.#ledger.take(read.grant, line)) opened.set(keyOf(grant), grant);
      }
    }
    if (strange > 0) this.#tellOfStrange(strange);
    if (revoked.length > 0) await this.#keeping.end(revoked);
    if (opened.size > 0)
      await this.#keeping.adopt([...opened.values()], (grant) => !this.#ledger.isRevoked(grant));
  }

  #openedBy(told: ClusterGrant, client: Client): Grant | undefined {
    const action = this.#actions.get(told.action);
    return action && grantFrom(told, action, client, momentNow());
  }

  #tellOfStrange(count: number): void {
    const now = monotonicNow();
    if (now - this.#logged < MINUTE) return;
    this.#logged = now;
    this.#log.warn(
      { count },
      `grants in the cluster's store that no client of this config has sealed: ${count}; has every gateway the same clients?`,
    );
  }
}
