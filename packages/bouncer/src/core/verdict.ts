import type { ActionCode, Minute, MessageFault } from '@bouncer-spa/protocol';
import type { Deed } from './policy.js';

/**
 * Why a datagram is refused, in the order of checking. The words from `length` to `fill` are those of
 * PROTOCOL.md section 7; the others are this server's policy and state.
 */
export type RejectReason =
  | 'lockout'
  | 'length'
  | 'gate'
  | 'locator'
  | 'tag'
  | 'stale'
  | 'replay'
  | 'duplicate'
  | MessageFault
  | 'action'
  | 'network'
  | 'expired'
  | 'address'
  | 'pattern'
  | 'busy'
  | 'cluster'
  | 'grants'
  | 'not-recorded';

/** A sentence for each reason, as the log shows it. */
export const REASON_TEXT: Readonly<Record<RejectReason, string>> = {
  lockout: 'its source is locked out for a time',
  length: 'not the length of a packet',
  gate: 'not for this server, or its minute is outside the window',
  locator: 'no client of this server sealed it for a known action',
  tag: 'not sealed by the client it names, or changed on the way',
  stale: 'its minute is below the floor of the replay cache',
  replay: 'already accepted once',
  duplicate: 'the network delivered it twice',
  padding: 'sealed with wrong padding',
  password: 'the minute password is wrong',
  version: 'unknown version of the protocol',
  flags: 'unknown flags',
  code: 'action code and locator disagree',
  time: 'time of sealing and minute disagree',
  argument: 'the argument is malformed',
  fill: 'the fill is not zero',
  action: 'the client may not use this action',
  network: 'the source is in none of the networks of the client',
  expired: 'the time of the client is over',
  address: 'the client may not act for this address',
  pattern: 'the argument does not match the pattern of the action',
  busy: 'too many actions are running',
  cluster: 'the store of the cluster cannot vouch that no other gateway has accepted it',
  grants: 'the client has as many grants as it may',
  'not-recorded': 'the packet could not be recorded on disk',
};

/** Who sent a packet and what it names, as far as the checks have come. */
export interface Claim {
  /** Name of the client that the locator found. Not proved before the check of the tag. */
  readonly client: string;
  /** Name of the action that the locator found. */
  readonly action: string;
  readonly code: ActionCode;
  readonly minute: Minute;
}

export interface Reject {
  readonly accepted: false;
  readonly reason: RejectReason;
  /** Missing when no client could be found. */
  readonly claim?: Claim;
  /** Of a packet that is authentic but not allowed: 32 bytes. It is spent all the same. */
  readonly tag?: Uint8Array;
}

export interface Accept {
  readonly accepted: true;
  readonly claim: Claim;
  /** 32 bytes; the packet's name in the replay cache. */
  readonly tag: Uint8Array;
  /** Address to act for: 16 bytes, IPv6 or IPv4-mapped. */
  readonly address: Uint8Array;
  /** Seconds, already capped by the action; 0 if the action has no duration. */
  readonly duration: number;
  /** Matches the pattern of the action; empty if it takes none. */
  readonly argument: string;
  /** What the action does. */
  readonly deed: Deed;
  /** Most grants that the client may have at once. */
  readonly mostGrants: number;
}

/** The decision about one datagram. */
export type Verdict = Accept | Reject;
