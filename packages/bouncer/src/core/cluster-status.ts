/** What the gateways of a cluster have in common, as `GET /status` tells it (docs/control.md). */
export interface ClusterStatus {
  /** `trusted`: packets are accepted with it; `waiting`: it is there, but may have forgotten something; `away`. */
  readonly state: 'trusted' | 'waiting' | 'away';
  /** Since when it is so. */
  readonly since: string;
  /** Why it is not `trusted`. */
  readonly reason: string | null;
  readonly on_failure: OnFailure;
  /** Milliseconds that the latest look at the store took; `null` if there was none yet. */
  readonly round_trip_ms: number | null;
  /** Changes of grants that this gateway has not seen yet. */
  readonly behind: number;
  /** The other gateways. */
  readonly members: readonly MemberStatus[];
}

export interface MemberStatus {
  readonly id: string;
  /** The name of its host. */
  readonly name: string;
  /** Seconds since it was heard of. */
  readonly silent_seconds: number;
  /** Changes of grants that it has not seen yet. */
  readonly behind: number;
}

/** What to do with packets when the store cannot vouch that they are new. */
export const ON_FAILURE = [
  // Nothing is accepted.
  'closed',
  // What this gateway itself has not accepted yet is accepted; others may accept it, too.
  'local',
] as const;

export type OnFailure = (typeof ON_FAILURE)[number];
