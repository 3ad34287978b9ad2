import type { RejectReason } from './verdict.js';

/** How many rejects of each reason were not logged one by one. */
export type Suppressed = ReadonlyMap<RejectReason, number>;

const MINUTE = 60_000;

/**
 * Decides which rejects get a log line of their own: so many a minute for each reason, so that a
 * flood of one kind neither fills the disk nor hides another kind. The rest is counted.
 */
export class RejectLimiter {
  readonly #perMinute: number;
  #began: number | undefined;
  #counts = new Map<RejectReason, number>();

  /** @param perMinute lines a minute for each reason */
  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /**
   * Whether this reject is to be logged now.
   * @param monotonic milliseconds of a clock that never steps
   */
  admits(reason: RejectReason, monotonic: number): boolean {
    this.#began ??= monotonic;
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    return count <= this.#perMinute;
  }

  /** Milliseconds until {@link close} has something to say, `undefined` while nothing was rejected. */
  dueIn(monotonic: number): number | undefined {
    return this.#began === undefined ? undefined : Math.max(0, this.#began + MINUTE - monotonic);
  }

  /** Ends the minute and tells what was suppressed in it. */
  close(): Suppressed {
    const suppressed = new Map<RejectReason, number>();
    for (const [reason, count] of this.#counts) {
      if (count > this.#perMinute) suppressed.set(reason, count - this.#perMinute);
    }
    this.#began = undefined;
    this.#counts = new Map();
    return suppressed;
  }
}
