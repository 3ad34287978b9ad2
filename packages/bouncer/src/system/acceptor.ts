import type { Arrival } from '../core/datagram.js';
import type { Means } from '../core/grants.js';
import { Lockout, sourceText, type LockoutRules } from '../core/lockout.js';
import type { Moment } from '../core/moment.js';
import type { Deed } from '../core/policy.js';
import type { ReplayRecord } from '../core/replay-cache.js';
import { actionEnvironment, actionValues, fillIn, type ActionValues } from '../core/template.js';
import type { Accept, Reject, RejectReason, Verdict } from '../core/verdict.js';
import { verify, windowWidth, type Verifier } from '../core/verify.js';
import { logNotRun, logOutcome } from './action-log.js';
import { runCommand, type Command } from './action-process.js';
import { ActionSlots } from './action-slots.js';
import { momentNow } from './clock.js';
import type { DecisionLog } from './decision-log.js';
import type { Cluster } from './cluster.js';
import type { Admission } from './grant-admission.js';
import type { GrantKeeper } from './grant-keeper.js';
import type { Log } from './log.js';
import { reasonOf } from './reason.js';
import type { ReplayStore } from './replay-store.js';

/** Doors that are being opened at once; they need no process each. */
const MOST_OPENINGS = 1_024;

/** What an acceptor works with. */
export interface AcceptorParts {
  readonly log: Log;
  readonly decisions: DecisionLog;
  readonly store: ReplayStore;
  readonly keeper: GrantKeeper;
  readonly verifier: Verifier;
  /** Most actions that run at once. */
  readonly mostRunning: number;
  /** Who is locked out; `undefined` for nobody. */
  readonly lockout: LockoutRules | undefined;
}

/** Judges what arrives and acts on what is accepted. */
export class Acceptor {
  readonly #log: Log;
  readonly #decisions: DecisionLog;
  readonly #store: ReplayStore;
  readonly #keeper: GrantKeeper;
  readonly #running: ActionSlots;
  readonly #openings = new ActionSlots(MOST_OPENINGS);
  readonly #lockout: Lockout;
  #verifier: Verifier;
  #cluster: Cluster | undefined;

  constructor({ log, decisions, store, keeper, verifier, mostRunning, lockout }: AcceptorParts) {
    this.#log = log;
    this.#decisions = decisions;
    this.#store = store;
    this.#keeper = keeper;
    this.#verifier = verifier;
    this.#running = new ActionSlots(mostRunning);
    this.#lockout = new Lockout(lockout);
  }

  /** What arrivals are judged by now. */
  get verifier(): Verifier {
    return this.#verifier;
  }

  /** The places of actions that run. */
  get running(): ActionSlots {
    return this.#running;
  }

  /** @param decided told the decision, when it is on disk */
  judge(arrival: Arrival, decided: (verdict: Verdict) => void = () => undefined): void {
    const now = momentNow();
    const { source } = arrival;
    if (source !== undefined && this.#lockout.ignores(source, now.monotonic)) {
      decided(this.#reject({ accepted: false, reason: 'lockout' }, arrival, now));
      return;
    }
    const verifier = this.#verifier;
    const verdict = verify(verifier, arrival, now);
    if (!verdict.accepted) {
      decided(this.#reject(verdict, arrival, now));
      if (source !== undefined && this.#lockout.count(verdict.reason, source, now.monotonic)) {
        this.#decisions.lockedOut(sourceText(source), now);
      }
      return;
    }
    const { claim, tag, deed } = verdict;
    const slots = deed.kind === 'open' ? this.#openings : this.#running;
    if (!slots.take()) {
      decided(this.#reject({ accepted: false, reason: 'busy', claim, tag }, arrival, now));
      return;
    }
    void this.#act({ verdict, arrival, now, verifier }, decided)
      .catch((err: unknown) => {
        this.#log.error({ err }, `an accepted packet could not be acted on: ${reasonOf(err)}`);
      })
      .finally(() => {
        slots.giveBack();
      });
  }

  /** Goes on with another policy. What was accepted by the one before goes on. */
  follow(verifier: Verifier, mostRunning: number, lockout: LockoutRules | undefined): void {
    this.#verifier = verifier;
    this.#running.limit(mostRunning);
    this.#lockout.follow(lockout);
  }

  /** Has other gateways asked about packets from now on, or nobody any more. */
  join(cluster: Cluster | undefined): void {
    this.#cluster = cluster;
  }

  /** Settles when nothing is being acted on. */
  async idle(): Promise<void> {
    await Promise.all([this.#running.idle(), this.#openings.idle()]);
  }

  #reject(reject: Reject, arrival: Arrival, now: Moment): Reject {
    const { tag, claim } = reject;
    if (tag !== undefined && claim !== undefined) {
      this.#verifier.replay.spend(tag, arrival.source, now.monotonic);
      this.#cluster?.spend(claim.minute, tag);
    }
    this.#decisions.rejected(reject, arrival, now);
    return reject;
  }

  /**
   * Asks the other gateways, records, then runs or opens: if anything ends us in between, the packet is
   * spent but never used twice.
   */
  async #act(acceptance: Acceptance, decided: (verdict: Verdict) => void): Promise<void> {
    const { verdict, arrival, now, verifier } = acceptance;
    const { claim, tag } = verdict;
    // In the same step as the check, so that of two equal packets only one can pass.
    const width = windowWidth(verifier);
    const record = verifier.replay.remember(claim.minute, tag, width, arrival.source, now.monotonic);
    const values = actionValues(verifier.policy, arrival, verdict);
    const refuse = (reason: RejectReason, detail?: string): void => {
      const rejected = { accepted: false, reason, claim } as const;
      this.#decisions.rejected(rejected, arrival, now, detail);
      decided(rejected);
    };
    const answer = (await this.#cluster?.admit(claim.minute, tag)) ?? 'new';
    if (answer !== 'new') {
      refuse(answer);
      return;
    }
    let admission;
    try {
      admission = await this.#record(acceptance, values, record);
    } catch (error) {
      refuse('not-recorded', reasonOf(error));
      return;
    }
    if (admission === undefined) {
      refuse('grants');
      return;
    }
    // The process is started by this, and whoever waits for it does not wait for the log.
    const carriedOut = this.#carryOut(values, admission, verdict);
    this.#decisions.accepted(verdict, arrival, now, admission === 'none' ? undefined : admission);
    decided(verdict);
    await carriedOut;
  }

  /** @returns the grant, `none` if the action is not for a time, `undefined` if the client has too many */
  async #record(
    { verdict }: Acceptance,
    values: ActionValues,
    record: ReplayRecord,
  ): Promise<Admission | 'none' | undefined> {
    const { claim, address, argument, duration: seconds, deed, mostGrants: most } = verdict;
    const means = meansOf(deed, values);
    if (means === undefined) {
      await this.#store.record(record);
      return 'none';
    }
    const purpose = { client: claim.client, action: claim.action, address, argument };
    return this.#keeper.admit({ purpose, means, seconds, most }, record);
  }

  async #carryOut(
    values: ActionValues,
    admission: Admission | 'none',
    { claim: { client, action }, address, deed }: Accept,
  ): Promise<void> {
    if (deed.kind === 'open') {
      if (admission === 'none') return;
      this.#cluster?.opened(admission.grant);
      await this.#keeper.open(admission.grant);
      return;
    }
    const command = commandOf(deed.run, deed.timeout, values);
    // What is extended was run when it began.
    if (admission !== 'none' && admission.extended) return;
    const outcome =
      admission === 'none' ? await runCommand(command) : await this.#keeper.begin(admission, command);
    const purpose = { client, action, address };
    if (outcome === undefined) logNotRun(this.#log, purpose);
    else logOutcome(this.#log, 'action', purpose, outcome);
  }
}

/** An accepted packet with all that it is acted on by. */
interface Acceptance {
  readonly verdict: Accept;
  readonly arrival: Arrival;
  readonly now: Moment;
  readonly verifier: Verifier;
}

/** What has to end some time after a deed; `undefined` if nothing has to. */
function meansOf(deed: Deed, values: ActionValues): Means | undefined {
  switch (deed.kind) {
    case 'run':
      return undefined;
    case 'lease':
      return { kind: 'lease', stop: commandOf(deed.stop, deed.timeout, values) };
    case 'open':
      return { kind: 'open', door: deed.door };
  }
}

function commandOf(argv: readonly string[], timeout: number, values: ActionValues): Command {
  return { argv: fillIn(argv, values), environment: actionEnvironment(values), timeout };
}
