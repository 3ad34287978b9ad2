import { later, type Moment } from './moment.js';
import type { Grant } from './grants.js';
import type { Action, Client } from './policy.js';

/** A grant as gateways tell it each other: what it is for, but not by what means, which each knows itself. */
export interface ClusterGrant {
  /** 8 hexadecimal digits. */
  readonly id: string;
  readonly client: string;
  readonly action: string;
  /** 16 bytes, IPv6 or IPv4-mapped. */
  readonly address: Uint8Array;
  readonly argument: string;
  /** Unix times in milliseconds. */
  readonly began: number;
  readonly end: number;
  /** Whether it was revoked: it is over, and told until it would have been. */
  readonly isRevoked: boolean;
}

/** @returns `undefined` for a lease: it is of the gateway that has run its command */
export function clusterGrantOf(grant: Grant, isRevoked: boolean): ClusterGrant | undefined {
  const { id, client, action, address, argument, began, end, means } = grant;
  if (means.kind === 'lease') return undefined;
  return { id, client, action, address, argument, began: began.unix, end: end.unix, isRevoked };
}

/**
 * What another gateway's grant opens here: only what the client could open here itself, and for no longer.
 * @returns `undefined` if it opens nothing
 */
export function grantFrom(
  told: ClusterGrant,
  action: Action,
  client: Client,
  now: Moment,
): Grant | undefined {
  const { id, address, argument } = told;
  const { deed } = action;
  if (deed.kind !== 'open' || !client.actions.has(action.name)) return undefined;
  const most = 1_000 * Math.min(action.maxDuration, client.maxDuration ?? Infinity);
  const left = Math.min(told.end - now.unix, most, (client.notAfter ?? Infinity) - now.unix);
  if (left <= 0) return undefined;
  return {
    id,
    client: client.name,
    action: action.name,
    address,
    argument,
    means: { kind: 'open', door: deed.door },
    began: now,
    end: later(now, left),
  };
}

/** What tells grants apart: two gateways can draw the same id for two clients, and a client could take another's. */
export type GrantName = Pick<Grant, 'id' | 'client'>;

/** What is known of the cluster's grants; the order in which it was told makes no difference. */
export class ClusterLedger {
  readonly #told = new Map<string, { readonly grant: ClusterGrant; readonly line: string }>();

  /** @returns the line, if there is one */
  lineOf(name: GrantName): string | undefined {
    return this.#told.get(keyOf(name))?.line;
  }

  isRevoked(name: GrantName): boolean {
    return this.#told.get(keyOf(name))?.grant.isRevoked === true;
  }

  /** The lines of those that were revoked. */
  get revoked(): readonly string[] {
    return Array.from(this.#told.values()).flatMap(({ line, grant }) => (grant.isRevoked ? line : []));
  }

  get lines(): readonly { readonly line: string; readonly end: number }[] {
    return Array.from(this.#told.values(), ({ line, grant: { end } }) => ({ line, end }));
  }

  /**
   * Takes what was told of a grant: it lasts as long as anybody said, unless somebody said that it was revoked.
   * @param line as it is in the store
   * @returns whether that is news
   */
  take(grant: ClusterGrant, line: string): boolean {
    const { end, isRevoked } = grant;
    const key = keyOf(grant);
    const former = this.#told.get(key);
    if (former?.grant.isRevoked === true) {
      // Whoever has extended it did not know: it is over until nobody tells of that any more.
      if (end > former.grant.end) this.#told.set(key, { ...former, grant: { ...former.grant, end } });
      return false;
    }
    if (former !== undefined && !isRevoked && end <= former.grant.end) return false;
    this.#told.set(key, { line, grant: { ...grant, end: Math.max(end, former?.grant.end ?? end) } });
    return true;
  }

  /** Forgets what is over. @param unix milliseconds */
  forget(unix: number): void {
    for (const [key, { grant }] of this.#told) {
      if (grant.end <= unix) this.#told.delete(key);
    }
  }
}

export function keyOf({ id, client }: GrantName): string {
  return `${id} ${client}`;
}
