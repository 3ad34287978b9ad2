import type { GuardPlan, GuardWishes, Trial } from './core/guard.js';
import { Pauses } from './core/pauses.js';
import { formatPortRange, type PortRange } from './core/port-range.js';
import type { GuardStatus } from './core/status.js';
import { monotonicNow } from './system/clock.js';
import type { Firewall } from './system/firewall.js';
import type { Log } from './system/log.js';
import { NftMonitor, type ForeignChange } from './system/nft-monitor.js';
import { reasonOf } from './system/reason.js';
import { Turns } from './system/turns.js';

/** Milliseconds between looks at the guard, for changes that the monitor has not told. */
const LOOK = 60_000;

/** Milliseconds from an event of the monitor to a look: what belongs together comes together. */
const SETTLE = 20;

/** Milliseconds before what failed is tried again: doubled from first to longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

const MINUTE = 60_000;

/**
 * Keeps the guard in place as long as the daemon runs: puts it back when somebody else has changed it,
 * tries again what failed, and goes back to what was closed before when a trial is not confirmed.
 */
export class GuardKeeper {
  readonly #firewall: Firewall;
  readonly #log: Log;
  readonly #monitor: NftMonitor;
  #wishes: GuardWishes;
  /** Of the table as we left it, to see whether somebody has changed it. */
  #shape: string | undefined;
  #failing: { readonly since: number; readonly reason: string; readonly logged: number } | undefined;
  readonly #pauses = new Pauses(FIRST_PAUSE, LONGEST_PAUSE);
  /** When the trial ends: milliseconds, monotonic. */
  #trialEnd: number | undefined;
  #trialTimer: NodeJS.Timeout | undefined;
  /** Whether the trial ended without being confirmed. */
  #lifted = false;
  /** What was closed before the trial; `undefined` as long as nobody has looked. */
  #closedBefore: readonly PortRange[] | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  /** When the next look is due: milliseconds, monotonic. */
  #lookDue = Infinity;
  /** Whether nobody can have taken anything out of the sets since the last look. */
  #elementsAreSure = true;
  /** What the monitor told since the last look. */
  #change: ForeignChange | undefined;
  #stopped = false;
  #onRepair: () => void = () => undefined;
  readonly #turns = new Turns();

  constructor(firewall: Firewall, log: Log, wishes: GuardWishes) {
    this.#firewall = firewall;
    this.#log = log;
    this.#wishes = wishes;
    this.#monitor = new NftMonitor(firewall, {
      changed: (change) => {
        this.#change ??= change;
        this.#elementsAreSure = false;
        this.#lookIn(SETTLE);
      },
      watching: () => {
        this.#elementsAreSure = false;
        this.#lookIn(FIRST_PAUSE);
      },
    });
  }

  /** Has something done after the guard was put back, since whoever changed it may have changed more. */
  whenRepaired(work: () => void): void {
    this.#onRepair = work;
  }

  get status(): GuardStatus {
    if (!closesAnything(this.#wishes.plan)) return { state: 'none' };
    if (this.#failing !== undefined && closesAnything(this.#plan)) {
      const { since, reason } = this.#failing;
      return { state: 'failing', since: new Date(since).toISOString(), reason };
    }
    if (this.#lifted) return { state: 'lifted', closed: this.#plan.closed.map(formatPortRange) };
    const seconds = this.#trialSeconds();
    return seconds === undefined ? { state: 'closed' } : { state: 'trial', seconds: Math.ceil(seconds) };
  }

  /**
   * Puts the guard in place, or keeps trying to. Never throws.
   * @param trial seconds after which it goes back to what was closed before, unless it is confirmed
   */
  start(trial: number | undefined): Promise<void> {
    if (trial !== undefined) {
      this.#trialEnd = monotonicNow() + trial * 1_000;
      this.#trialTimer = setTimeout(() => {
        void this.#turns.take(() => this.#lift());
      }, trial * 1_000);
    }
    return this.#turns.take(async () => {
      if (closesAnything(this.#wishes.plan)) await this.#try(() => this.#put(this.#wishes.plan));
      // Without nft there is nothing to take away.
      else await this.#put(this.#wishes.plan).catch(() => undefined);
    });
  }

  /**
   * Goes over to another guard.
   * @throws {FirewallError} if that does not work; the one before stays
   */
  change(wishes: GuardWishes): Promise<void> {
    return this.#turns.take(async () => {
      const [former, plan] = [this.#plan, this.#planFor(wishes)];
      if ((closesAnything(former) || closesAnything(plan)) && !samePlan(former, plan)) await this.#put(plan);
      this.#wishes = wishes;
    });
  }

  /**
   * Ends the trial: the guard stays.
   * @returns why there was nothing to confirm, if so
   * @throws {FirewallError} with what nft said; the trial goes on
   */
  confirmTrial(): Promise<string | undefined> {
    return this.#turns.take(async () => {
      if (this.#lifted) return 'the trial is over and was not confirmed: start bouncer again';
      if (this.#trialEnd === undefined) return 'there is no trial: the guard stays anyway';
      const end = this.#trialEnd;
      this.#trialEnd = undefined;
      try {
        await this.#put(this.#wishes.plan);
      } catch (error) {
        this.#trialEnd = end;
        throw error;
      }
      clearTimeout(this.#trialTimer);
      this.#log.info('the trial is confirmed: the guard stays');
      return undefined;
    });
  }

  /** Leaves the guard as the config wants it after a stop; one on trial goes back to what was before. Never throws. */
  stop(): Promise<void> {
    return this.#turns.take(async () => {
      await this.#lift();
      this.#stopped = true;
      this.#monitor.stop();
      clearTimeout(this.#lookTimer);
      clearTimeout(this.#trialTimer);
      if (this.#wishes.staysClosed || !closesAnything(this.#plan)) return;
      await this.#takeAway('the guard is taken away with the end of bouncer: nothing is closed any more');
    });
  }

  async #put(plan: GuardPlan): Promise<void> {
    if (!closesAnything(plan)) {
      this.#monitor.stop();
      if (await this.#firewall.removeGuard())
        this.#log.info('the guard is taken away: the config closes nothing');
      return;
    }
    const trial = await this.#trial();
    const { shape } = await this.#firewall.putGuard(plan, trial);
    this.#shape = shape;
    this.#monitor.start();
    if (this.#failing !== undefined) this.#log.info('the firewall works again');
    this.#failing = undefined;
    this.#pauses.reset();
    this.#lookIn(LOOK);
    const closed = plan.closed.map(formatPortRange);
    const until =
      trial === undefined ? '' : `, for ${Math.ceil(trial.seconds)} seconds unless it is confirmed`;
    this.#log.info(
      { closed, trial: trial?.seconds },
      `the guard is in place: ${closed.join(', ')} closed${until}`,
    );
  }

  /** Looks whether the guard is as we left it, and makes it so. */
  async #look(): Promise<void> {
    const change = this.#change;
    this.#change = undefined;
    const plan = this.#plan;
    if (this.#stopped || !closesAnything(plan)) return;
    const by = change?.by ?? 'somebody';
    const fields = { by, change: change?.lines };
    await this.#try(async () => {
      // A thousand elements take time, and the monitor tells of changes to them.
      const withElements = !this.#elementsAreSure;
      this.#elementsAreSure = true;
      const listing = await this.#firewall.guard(withElements ? 'all' : 'terse');
      if (listing === undefined || listing.shape !== this.#shape || this.#failing !== undefined) {
        const what = listing === undefined ? 'removed' : 'changed';
        if (this.#failing === undefined)
          this.#log.warn(fields, `the guard was ${what} by ${by}: putting it back`);
        await this.#put(plan);
        this.#onRepair();
        return;
      }
      const count = withElements ? await this.#firewall.refill(plan, listing.openings) : 0;
      if (count > 0) this.#log.warn({ ...fields, count }, `openings were ended by ${by}: opening them again`);
      this.#lookIn(LOOK);
    });
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const reason = reasonOf(error);
      const now = monotonicNow();
      const { since, logged, reason: former } = this.#failing ?? { since: Date.now(), logged: -Infinity };
      const isNews = reason !== former || now - logged >= MINUTE;
      if (isNews)
        this.#log.error({ reason }, `the guard is not in place: ${reason}; trying again until it works`);
      this.#failing = { since, reason, logged: isNews ? now : logged };
      this.#lookIn(this.#pauses.next());
    }
  }

  async #lift(): Promise<void> {
    if (this.#trialEnd === undefined || this.#stopped) return;
    this.#trialEnd = undefined;
    this.#lifted = true;
    const plan = this.#plan;
    if (closesAnything(plan)) {
      this.#log.warn('the trial is over and was not confirmed: what was closed before stays closed');
      await this.#try(() => this.#put(plan));
      return;
    }
    this.#monitor.stop();
    clearTimeout(this.#lookTimer);
    await this.#takeAway(
      'the trial is over and was not confirmed: the guard is taken away, nothing is closed',
    );
  }

  async #takeAway(message: string): Promise<void> {
    try {
      await this.#firewall.removeGuard();
      this.#log.warn(message);
    } catch (error) {
      const reason = reasonOf(error);
      this.#log.error({ reason }, `the guard could not be taken away: ${reason}`);
    }
  }

  /** What has to be in place now. */
  get #plan(): GuardPlan {
    return this.#planFor(this.#wishes);
  }

  #planFor({ plan }: GuardWishes): GuardPlan {
    return this.#lifted ? { ...plan, closed: this.#closedBefore ?? [] } : plan;
  }

  async #trial(): Promise<Trial | undefined> {
    const seconds = this.#trialSeconds();
    if (seconds === undefined) return undefined;
    this.#closedBefore ??= (await this.#firewall.guard('terse'))?.closed ?? [];
    return { seconds, keeps: this.#closedBefore };
  }

  #trialSeconds(): number | undefined {
    return this.#trialEnd === undefined ? undefined : Math.max(0, this.#trialEnd - monotonicNow()) / 1_000;
  }

  /** Has a look at the guard after milliseconds, or before, if that is intended already. */
  #lookIn(milliseconds: number): void {
    const due = monotonicNow() + milliseconds;
    if (this.#stopped || this.#lookDue <= due) return;
    clearTimeout(this.#lookTimer);
    this.#lookDue = due;
    this.#lookTimer = setTimeout(() => {
      this.#lookDue = Infinity;
      void this.#turns.take(() => this.#look());
    }, milliseconds);
  }
}

function closesAnything({ closed }: GuardPlan): boolean {
  return closed.length > 0;
}

function samePlan(a: GuardPlan, b: GuardPlan): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
