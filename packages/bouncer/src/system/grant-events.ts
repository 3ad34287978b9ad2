import type { Grant } from '../core/grants.js';
import type { Outcome } from './action-process.js';

/** Why a grant ended. */
export type EndReason =
  | 'expired'
  | 'revoked'
  /** Its client or action is gone from the config. */
  | 'gone'
  /** Its `run` failed. */
  | 'failed';

/** What a start found of a grant of before. */
export type Finding =
  /** The daemon was ended before `run` could begin; it is dropped. */
  | 'not begun'
  /** The store was damaged, and this was read elsewhere. */
  | 'salvaged'
  /** The store was damaged, and this lease cannot be read elsewhere: what its `run` did stays. */
  | 'lost';

/** What happens to grants. */
export interface GrantEvents {
  /** @param grant the id alone of one that is lost */
  found(grant: Grant | string, finding: Finding): void;
  /** Another gateway has begun or extended it, and its doors are to be open here, too. */
  adopted(grant: Grant): void;
  ended(grant: Grant, reason: EndReason): void;
  /** @param tries how often this daemon has run this `stop` */
  stopEnded(grant: Grant, outcome: Outcome, tries: number): void;
  doorFailed(grant: Grant, reason: string): void;
  doorMended(grant: Grant): void;
  /** A change that may not be on disk; it is tried again. */
  notRecorded(reason: string): void;
  /** Those that are open at a stop of the daemon in order. */
  left(grants: readonly Grant[]): void;
}
