import { Pauses } from '../core/pauses.js';
import { CaptureProcess, type CaptureListener } from './capture-process.js';
import type { CapturePlan } from './capture-plan.js';
import { reasonOf } from './reason.js';

/** Milliseconds before a capture that ended is started again: doubled from first to longest. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;

/** A capture that lasted this many milliseconds is no reason to wait with the next. */
const LASTED = 10_000;

export interface SupervisorEvents extends CaptureListener {
  listening(plan: CapturePlan, pid: number | undefined): void;
  /**
   * The capture ended or could not be opened. It is started again until it listens.
   * @param hung whether it had to be ended because it did nothing
   */
  lost(reason: string, hung: boolean): void;
  /** The capture could not be replaced; the one before goes on. */
  stale(reason: string): void;
}

/** A capture that listens but has not taken over yet. */
export interface PreparedCapture {
  readonly process: CaptureProcess;
  readonly plan: CapturePlan;
}

/**
 * Keeps one capture running whatever happens to its process, and replaces it without a gap: the
 * second listens before the first is retired.
 */
export class CaptureSupervisor {
  readonly #events: SupervisorEvents;
  /** What is started next. */
  #plan: CapturePlan;
  /** What the current process listens for, once it does. */
  #listeningPlan: CapturePlan | undefined;
  #current: CaptureProcess | undefined;
  /** How often something else was to be listened for: a change that took long must not undo a later one. */
  #changes = 0;
  readonly #pauses = new Pauses(FIRST_PAUSE, LONGEST_PAUSE);
  #timer: NodeJS.Timeout | undefined;
  #listeningSince = 0;
  #stopped = false;
  /** A process that was started before there was a plan. */
  #spare: CaptureProcess | undefined;

  constructor(plan: CapturePlan, events: SupervisorEvents, spare?: CaptureProcess) {
    this.#plan = plan;
    this.#events = events;
    this.#spare = spare;
  }

  /** What is listened for now, or will be as soon as it works again. */
  get plan(): CapturePlan {
    return this.#listeningPlan ?? this.#plan;
  }

  get isListening(): boolean {
    return this.#listeningPlan !== undefined;
  }

  start(): void {
    const plan = this.#plan;
    let capture: CaptureProcess;
    try {
      capture = this.#spare ?? new CaptureProcess();
    } catch (error) {
      this.#retry(reasonOf(error), false);
      return;
    }
    this.#spare = undefined;
    this.#adopt(capture);
    capture.open(plan.spec, this.#events).then(
      () => {
        if (this.#current !== capture) return;
        this.#announce(plan);
        // What it was to listen for may have changed while it was opened.
        if (this.#plan !== plan) void this.change(this.#plan);
      },
      () => undefined, // #adopt learns of the end
    );
  }

  /**
   * Starts a capture beside the current one and waits until it listens.
   * @throws {CaptureError} if it could not be opened; the current one goes on
   */
  async prepare(plan: CapturePlan): Promise<PreparedCapture> {
    const process = new CaptureProcess();
    await process.open(plan.spec, this.#events);
    return { process, plan };
  }

  /** Lets a prepared capture take over; the current one is retired. */
  swap({ process, plan }: PreparedCapture): void {
    if (this.#stopped) {
      void process.retire();
      return;
    }
    this.#changes++;
    const former = this.#current;
    clearTimeout(this.#timer);
    this.#plan = plan;
    this.#adopt(process);
    this.#announce(plan);
    void former?.retire();
  }

  /**
   * Goes over to another plan as soon as possible: without a gap if the current capture listens, at
   * the next start if it does not.
   */
  async change(plan: CapturePlan): Promise<void> {
    const change = ++this.#changes;
    if (!this.isListening) {
      this.#plan = plan;
      return;
    }
    try {
      const prepared = await this.prepare(plan);
      if (change === this.#changes) this.swap(prepared);
      else void prepared.process.retire();
    } catch (error) {
      this.#events.stale(reasonOf(error));
    }
  }

  /** Stays with what it listens for, also if it is about to go over to something else. */
  stay(): void {
    this.#changes++;
  }

  /** Ends the capture; what it has captured up to now is still handed on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#current?.retire();
  }

  #adopt(capture: CaptureProcess): void {
    this.#current = capture;
    this.#listeningPlan = undefined;
    void capture.ended.then((reason) => {
      if (this.#stopped || this.#current !== capture) return;
      if (this.#listeningPlan !== undefined && performance.now() - this.#listeningSince >= LASTED) {
        this.#pauses.reset();
      }
      this.#listeningPlan = undefined;
      this.#retry(reason, capture.hung);
    });
  }

  #retry(reason: string, hung: boolean): void {
    this.#events.lost(reason, hung);
    this.#timer = setTimeout(() => {
      this.start();
    }, this.#pauses.next());
  }

  #announce(plan: CapturePlan): void {
    this.#listeningPlan = plan;
    this.#listeningSince = performance.now();
    this.#events.listening(plan, this.#current?.pid);
  }
}
