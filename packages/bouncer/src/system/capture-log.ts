import type { CaptureReport } from '../core/capture-wire.js';
import type { CapturePlan } from './capture-plan.js';
import type { Log } from './log.js';

const MINUTE = 60_000;

/** Logs what becomes of the capture on one interface: each change at once, what goes on being so once a minute. */
export class CaptureLog {
  readonly #log: Log;
  readonly #interface: string;
  #lostReason: string | undefined;
  #lostLogged = -Infinity;
  #dropLogged = -Infinity;
  #staleLogged = -Infinity;
  #dropped = 0;
  #total = 0;

  constructor(log: Log, name: string) {
    this.#log = log;
    this.#interface = name;
  }

  listening({ spec: { port }, filter }: CapturePlan, pid: number | undefined): void {
    this.#lostReason = undefined;
    this.#dropped = 0; // the new process counts from 0
    const { firstMinute: first_minute, lastMinute: last_minute } = filter;
    const fields = { interface: this.#interface, port, capture_pid: pid, first_minute, last_minute };
    this.#log.info(fields, `listening on ${this.#interface} for udp port ${port}`);
  }

  lost(reason: string, monotonic: number): void {
    if (reason === this.#lostReason && monotonic - this.#lostLogged < MINUTE) return;
    this.#lostReason = reason;
    this.#lostLogged = monotonic;
    this.#log.error(
      { interface: this.#interface, reason },
      `not listening: ${reason}; trying again until it works`,
    );
  }

  /** A filter that could not be replaced; the one before goes on. */
  stale(reason: string, monotonic: number): void {
    if (monotonic - this.#staleLogged < MINUTE) return;
    this.#staleLogged = monotonic;
    this.#log.error(
      { interface: this.#interface, reason },
      `the filter could not be replaced: ${reason}; trying again until it works`,
    );
  }

  report({ dropped, refused }: CaptureReport, monotonic: number): void {
    const total = Object.values(refused).reduce((sum, count) => sum + count, dropped);
    if (total !== this.#total)
      this.#log.debug(
        { interface: this.#interface, dropped, refused },
        'frames that the capture did not hand on',
      );
    this.#total = total;
    if (dropped <= this.#dropped || monotonic - this.#dropLogged < MINUTE) return;
    const count = dropped - this.#dropped;
    this.#dropped = dropped;
    this.#dropLogged = monotonic;
    this.#log.warn(
      { interface: this.#interface, count },
      `${count} datagrams were lost: they arrived faster than they can be judged`,
    );
  }
}
