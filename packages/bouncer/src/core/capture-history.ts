import type { CaptureReport } from './capture-wire.js';
import { FaultCounts, OTHER } from './fault-counts.js';

/** Faults told apart; there are fewer, unless the capture process has been taken over. */
const MOST_FAULTS = 32;

const FAULT = /^[a-z-]{1,32}$/;

/** What became of the capture since the start, whichever process did it. */
export class CaptureHistory {
  #pid: number | undefined;
  #listening = false;
  #since: number;
  #losses = 0;
  #lastLoss: { readonly at: number; readonly reason: string } | undefined;
  #dropped = 0;
  #gaveSign = false;
  readonly #refused = new FaultCounts(MOST_FAULTS);

  /** @param unix milliseconds; so all times here */
  constructor(unix: number) {
    this.#since = unix;
  }

  listen(pid: number | undefined, unix: number): void {
    if (!this.#listening) this.#since = unix;
    this.#listening = true;
    this.#pid = pid;
    this.#gaveSign = true;
  }

  /** @param hung whether it had to be ended because it did nothing */
  lose(reason: string, unix: number, hung: boolean): void {
    this.#gaveSign ||= !hung;
    if (this.#listening) this.#since = unix;
    this.#listening = false;
    this.#pid = undefined;
    this.#losses++;
    this.#lastLoss = { at: unix, reason };
  }

  /** @param former the process's report before this one, since each counts from its own beginning */
  report({ dropped, refused }: CaptureReport, former: CaptureReport | undefined): void {
    this.#gaveSign = true;
    this.#dropped += increase(dropped, former?.dropped);
    for (const [name, count] of Object.entries(refused)) {
      // A name that somebody makes up may be one that every object inherits.
      const before = former !== undefined && Object.hasOwn(former.refused, name) ? former.refused[name] : 0;
      this.#refused.add(FAULT.test(name) ? name : OTHER, increase(count, before));
    }
  }

  /** Whether it gave a sign of life since this was asked last: also if that was a reason for its end. */
  takeSign(): boolean {
    const gaveSign = this.#gaveSign;
    this.#gaveSign = false;
    return gaveSign;
  }

  get isListening(): boolean {
    return this.#listening;
  }

  /** The process that listens. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Since when it listens or does not. */
  get since(): number {
    return this.#since;
  }

  /** How often it was lost or could not be opened. */
  get losses(): number {
    return this.#losses;
  }

  get lastLoss(): { readonly at: number; readonly reason: string } | undefined {
    return this.#lastLoss;
  }

  /** Datagrams lost because they arrived faster than they can be judged. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Frames refused, by fault. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused.all;
  }
}

function increase(now: number, before = 0): number {
  return Math.max(0, now - before);
}
