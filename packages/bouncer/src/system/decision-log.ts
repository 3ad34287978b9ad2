import { minuteOf } from '@bouncer-spa/protocol';
import { formatAddress } from '../core/address.js';
import { DecisionTally } from '../core/decision-tally.js';
import type { Arrival } from '../core/datagram.js';
import type { Moment } from '../core/moment.js';
import { RejectLimiter } from '../core/reject-limiter.js';
import { REASON_TEXT, type Accept, type Reject } from '../core/verdict.js';
import type { Admission } from './grant-admission.js';
import type { Log } from './log.js';

/** Counts decisions, and writes a record for each. Of each kind of reject only so many a minute, then their count. */
export class DecisionLog {
  readonly #log: Log;
  readonly tally = new DecisionTally();
  #limiter: RejectLimiter;

  /** @param rejectsPerMinute records a minute for each reason */
  constructor(log: Log, rejectsPerMinute: number) {
    this.#log = log;
    this.#limiter = new RejectLimiter(rejectsPerMinute);
  }

  /** @param admission the grant that came of it, if any */
  accepted(accept: Accept, arrival: Arrival, now: Moment, admission?: Admission): void {
    const { claim, address, duration } = accept;
    this.tally.accept(accept, now.unix);
    const { client, action, minute } = claim;
    const fields = {
      decision: 'accept',
      client,
      action,
      address: formatAddress(address),
      ...sourceOf(arrival),
      minute_offset: minute - minuteOf(now.unix),
      duration,
      ...(admission && { grant: admission.grant.id, extended: admission.extended }),
    };
    this.#log.info(fields, `accepted: ${client} ${action} for ${fields.address}`);
  }

  /** @param detail what the system said, where that is the reason */
  rejected(reject: Reject, arrival: Arrival, now: Moment, detail?: string): void {
    const { reason, claim } = reject;
    this.tally.reject(reject);
    // What the network delivers twice is no event that an administrator has to look at, nor is what comes from
    // a source of which he was told.
    if (reason === 'duplicate' || reason === 'lockout') {
      this.#log.debug(
        { decision: 'reject', reason, ...sourceOf(arrival) },
        `ignored: ${REASON_TEXT[reason]}`,
      );
      return;
    }
    if (!this.#limiter.admits(reason, now.monotonic)) return;
    const fields = {
      decision: 'reject',
      reason,
      ...sourceOf(arrival),
      ...(claim && {
        client: claim.client,
        action: claim.action,
        minute_offset: claim.minute - minuteOf(now.unix),
      }),
      ...(detail !== undefined && { detail }),
    };
    this.#log.warn(fields, `rejected: ${REASON_TEXT[reason]}`);
  }

  /** Tells of a source that is locked out from now on; who forges sources makes no more lines than by other rejects. */
  lockedOut(source: string, now: Moment): void {
    if (!this.#limiter.admits('lockout', now.monotonic)) return;
    this.#log.warn({ locked_out: source }, `locked out: ${source}, too much of it was rejected`);
  }

  /** Logs the counts of a minute that is over. To be called every now and then. */
  tick(monotonic: number): void {
    if (this.#limiter.dueIn(monotonic) === 0) this.flush();
  }

  /** Logs the counts of what was not logged one by one. */
  flush(): void {
    for (const [reason, count] of this.#limiter.close()) {
      if (reason === 'lockout') {
        this.#log.warn({ count }, `locked out ${count} more sources`);
        continue;
      }
      this.#log.warn({ decision: 'reject', reason, count }, `rejected ${count} more: ${REASON_TEXT[reason]}`);
    }
  }

  /** Goes on with another limit. */
  limit(rejectsPerMinute: number): void {
    this.flush();
    this.#limiter = new RejectLimiter(rejectsPerMinute);
  }
}

function sourceOf({ source, sourcePort }: Arrival): object {
  return source === undefined ? { carrier: true } : { source: formatAddress(source), port: sourcePort };
}
