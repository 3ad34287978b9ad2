import { formatAddress } from '../core/address.js';
import type { Grant } from '../core/grants.js';
import { logOutcome } from './action-log.js';
import { succeeded, type Outcome } from './action-process.js';
import type { EndReason, Finding, GrantEvents } from './grant-events.js';
import type { Log } from './log.js';

const WHY: Readonly<Record<EndReason, string>> = {
  expired: 'its time is over',
  revoked: 'it was revoked',
  gone: 'its client or action is gone from the config',
  failed: 'its "run" failed',
};

const MINUTE = 60_000;

/** Failures that are logged one by one in a minute; a broken program can fail for a thousand grants at once. */
const MOST_FAILURES = 60;

/** Logs what happens to grants. */
export class GrantLog implements GrantEvents {
  readonly #log: Log;
  #began = -Infinity;
  #failures = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  found(grant: Grant | string, finding: Finding): void {
    if (typeof grant === 'string') {
      const fields = { grant, finding };
      this.#log.error(
        fields,
        `lease ${grant} cannot be read any more: what its "run" did stays until you undo it`,
      );
      return;
    }
    const { action, client } = grant;
    if (finding === 'salvaged')
      this.#log.error(
        { ...fieldsOf(grant), finding },
        `lease ${action} of ${client} was read beside the damaged store: it goes on`,
      );
    else
      this.#log.warn(
        { ...fieldsOf(grant), finding },
        `lease ${action} of ${client} is dropped: bouncer was ended before its "run" could begin`,
      );
  }

  adopted(grant: Grant): void {
    const { action, client, end } = grant;
    const until = new Date(end.unix).toISOString();
    this.#log.info(
      { ...fieldsOf(grant), until },
      `grant ${action} of ${client} is taken up from another gateway, until ${until}`,
    );
  }

  ended(grant: Grant, reason: EndReason): void {
    const { action, client } = grant;
    this.#log.info(
      { ...fieldsOf(grant), ended: reason },
      `grant ${action} of ${client} is closed: ${WHY[reason]}`,
    );
  }

  stopEnded(grant: Grant, outcome: Outcome, tries: number): void {
    if (succeeded(outcome) || this.#admitsFailure()) logOutcome(this.#log, 'stop of', grant, outcome, tries);
  }

  doorFailed(grant: Grant, reason: string): void {
    if (!this.#admitsFailure()) return;
    const message = `the firewall did not do what ${grant.action} of ${grant.client} needs: ${reason}; trying again until it works`;
    this.#log.error({ ...fieldsOf(grant), reason }, message);
  }

  doorMended(grant: Grant): void {
    this.#log.info(fieldsOf(grant), `the firewall has done what ${grant.action} of ${grant.client} needs`);
  }

  notRecorded(reason: string): void {
    this.#log.error(
      { reason },
      `a change of grants could not be recorded: ${reason}; trying again until it works`,
    );
  }

  left(grants: readonly Grant[]): void {
    const leases = grants.filter(({ means }) => means.kind === 'lease');
    const openings = grants.length - leases.length;
    if (leases.length > 0) {
      const last = leases.reduce((latest, { end }) => Math.max(latest, end.unix), 0);
      const until = new Date(last).toISOString();
      const message = `leases left open: ${leases.length}, until ${until} at the latest; one that is due before bouncer is started again is closed then`;
      this.#log.warn({ leases: leases.length, until }, message);
    }
    if (openings > 0)
      this.#log.info({ openings }, `left to the kernel, which ends them on time: ${openings}`);
  }

  #admitsFailure(): boolean {
    const now = performance.now();
    if (now - this.#began >= MINUTE) {
      if (this.#failures > MOST_FAILURES) {
        const count = this.#failures - MOST_FAILURES;
        this.#log.error({ count }, `${count} more failures of grants in the minute before`);
      }
      this.#began = now;
      this.#failures = 0;
    }
    return ++this.#failures <= MOST_FAILURES;
  }
}

function fieldsOf({ id, client, action, address }: Grant): object {
  return { grant: id, client, action, address: formatAddress(address) };
}
