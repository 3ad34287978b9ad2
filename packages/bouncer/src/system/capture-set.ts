import type { Minute } from '@bouncer-spa/protocol';
import { CaptureHistory } from '../core/capture-history.js';
import type { Datagram } from '../core/datagram.js';
import { CaptureLog } from './capture-log.js';
import { planCaptures, planServes, type CapturePlan } from './capture-plan.js';
import type { CaptureProcess } from './capture-process.js';
import { CaptureSupervisor, type PreparedCapture, type SupervisorEvents } from './capture-supervisor.js';
import type { Config } from './config-file.js';
import type { Log } from './log.js';

/** A capture that is to be another. */
interface Change {
  readonly capture: CaptureSupervisor;
  readonly plan: CapturePlan;
  /** What takes over; without it, the capture is started by its plan. */
  readonly prepared: PreparedCapture | undefined;
}

/** What the captures are to be, by their interfaces. Nothing has changed yet. */
export type PreparedCaptures = ReadonlyMap<string, CaptureSupervisor | Change>;

/** Datagrams kept until somebody judges them, half a megabyte at most. Others of that time are dropped. */
const MOST_EARLY = 1_024;

/** A supervised capture for each interface, since a process can have only one open. */
export class CaptureSet {
  readonly #log: Log;
  #onDatagram: (datagram: Datagram) => void;
  #captures: ReadonlyMap<string, CaptureSupervisor>;
  /** By interface, also of those that the config does not name any longer. */
  readonly #histories = new Map<string, CaptureHistory>();
  #onListening: () => void = () => undefined;
  /** What came before anybody judged it, and how much more. */
  readonly #early: Datagram[] = [];
  #dropped = 0;
  readonly #judged: Promise<void>;
  #onJudged: () => void = () => undefined;

  /** Settles when one capture listens, and it is known of each whether it does. */
  readonly listening: Promise<void>;

  /** @param spare a process that becomes the first capture */
  constructor(config: Config, now: Minute, log: Log, spare?: CaptureProcess) {
    this.#log = log;
    this.#judged = new Promise((resolve) => {
      this.#onJudged = resolve;
    });
    this.#onDatagram = (datagram) => {
      if (this.#early.length < MOST_EARLY) this.#early.push(datagram);
      else this.#dropped++;
    };
    this.listening = new Promise((resolve) => {
      this.#onListening = resolve;
    });
    this.#captures = new Map(
      planCaptures(config, now).map((plan, index) => [
        plan.spec.interface,
        this.#make(plan, index === 0 ? spare : undefined),
      ]),
    );
  }

  /** What is to be told about each capture. */
  get told(): readonly { readonly plan: CapturePlan; readonly history: CaptureHistory }[] {
    return Array.from(this.#captures, ([name, { plan }]) => ({ plan, history: this.#historyOf(name) }));
  }

  /** Begins to listen. A capture that cannot be opened yet is tried again. */
  start(): void {
    for (const capture of this.#captures.values()) capture.start();
  }

  /** Has what was heard judged, and what will be. */
  judge(onDatagram: (datagram: Datagram) => void): void {
    this.#onDatagram = onDatagram;
    this.#onJudged();
    this.#early.splice(0).forEach(onDatagram);
    if (this.#dropped > 0) {
      const fields = { dropped: this.#dropped };
      this.#log.warn(fields, `${this.#dropped} datagrams came before they could be judged, and were dropped`);
    }
  }

  /** Whether the captures do for a config with the same interfaces, now and for some minutes. */
  serve(config: Config, now: Minute): boolean {
    return [...this.#captures.values()].every(({ plan }) => planServes(plan, config, now));
  }

  /** Whether each capture gave a sign of life since this was asked last. */
  takeSigns(): boolean {
    return this.told.map(({ history }) => history.takeSign()).every((gaveSign) => gaveSign);
  }

  /** Replaces the captures that do not serve any longer. */
  async renew(config: Config, now: Minute): Promise<void> {
    const renewals = planCaptures(config, now).map(async (plan) => {
      const capture = this.#captures.get(plan.spec.interface);
      if (capture !== undefined && !planServes(capture.plan, config, now)) await capture.change(plan);
    });
    await Promise.all(renewals);
  }

  /**
   * Starts what a config needs instead of what runs, and waits until it listens. While an interface is
   * gone there is nothing to keep, and the new plan is as good as the old.
   * @throws {CaptureError} if a capture could not be opened; all goes on as it was
   */
  async prepare(config: Config, now: Minute): Promise<PreparedCaptures> {
    const prepared = new Map<string, CaptureSupervisor | Change>();
    const isDeaf = [...this.#captures.values()].every(({ isListening }) => !isListening);
    try {
      for (const plan of planCaptures(config, now)) {
        const name = plan.spec.interface;
        const running = this.#captures.get(name);
        const capture = running ?? this.#make(plan);
        const isWorthATry = running?.isListening ?? !isDeaf;
        if (running !== undefined && planServes(running.plan, config, now)) prepared.set(name, running);
        else
          prepared.set(name, {
            capture,
            plan,
            prepared: isWorthATry ? await capture.prepare(plan) : undefined,
          });
      }
    } catch (error) {
      this.discard(prepared);
      throw error;
    }
    return prepared;
  }

  /** Ends what was prepared; all goes on as it was. */
  discard(prepared: PreparedCaptures): void {
    for (const change of prepared.values()) {
      if (!(change instanceof CaptureSupervisor)) void change.prepared?.process.retire();
    }
  }

  /** Lets what was prepared take over. */
  swap(prepared: PreparedCaptures): void {
    const former = this.#captures;
    const captures = new Map<string, CaptureSupervisor>();
    for (const [name, change] of prepared) {
      if (change instanceof CaptureSupervisor) {
        captures.set(name, change);
        change.stay();
      } else {
        captures.set(name, change.capture);
        if (change.prepared !== undefined) change.capture.swap(change.prepared);
        else if (former.has(name)) void change.capture.change(change.plan);
        else change.capture.start();
      }
    }
    this.#captures = captures;
    for (const [name, capture] of former) {
      if (!captures.has(name)) void capture.stop();
    }
  }

  /** Ends the captures; what they have captured up to now is still handed on. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#captures.values(), (capture) => capture.stop()));
  }

  #look(): void {
    const histories = this.told.map(({ history }) => history);
    const areKnown = histories.every(({ isListening, losses }) => isListening || losses > 0);
    if (areKnown && histories.some(({ isListening }) => isListening)) this.#onListening();
  }

  #historyOf(name: string): CaptureHistory {
    const history = this.#histories.get(name) ?? new CaptureHistory(Date.now());
    this.#histories.set(name, history);
    return history;
  }

  #make(plan: CapturePlan, spare?: CaptureProcess): CaptureSupervisor {
    const name = plan.spec.interface;
    const log = new CaptureLog(this.#log, name);
    const history = this.#historyOf(name);
    // Nobody can rely on a capture before what it hears is judged, so nothing is said of it before, either.
    const whenJudged =
      <Event extends unknown[]>(tell: (...event: Event) => void) =>
      (...event: Event): void =>
        void this.#judged.then(() => {
          tell(...event);
        });
    const events: SupervisorEvents = {
      datagram: (datagram) => {
        this.#onDatagram(datagram);
      },
      report: whenJudged((report, former) => {
        history.report(report, former);
        log.report(report, performance.now());
      }),
      listening: whenJudged((started, pid) => {
        history.listen(pid, Date.now());
        log.listening(started, pid);
        this.#look();
      }),
      lost: whenJudged((reason, hung) => {
        history.lose(reason, Date.now(), hung);
        log.lost(reason, performance.now());
        this.#look();
      }),
      stale: whenJudged((reason) => {
        log.stale(reason, performance.now());
      }),
    };
    return new CaptureSupervisor(plan, events, spare);
  }
}
