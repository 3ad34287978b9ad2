import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../core/backoff.js';
import type { Closing, Grant } from '../core/grants.js';
import { describeOutcome, succeeded, type Command, type Outcome } from './action-process.js';
import type { LeaseFolder } from './lease-folder.js';
import { awaitLeftover, runStep } from './lease-process.js';
import type { Turnstile } from './turnstile.js';

/** What a lease tells while its commands run. */
export interface LeaseEvents {
  /** Each end of a `stop`. @param tries how often it was run by this daemon */
  stopEnded(outcome: Outcome, tries: number): void;
}

/**
 * The commands of one lease: `run` once, and when that has ended, `stop` until it succeeds. Each is
 * begun at most once at a time, whatever is asked for meanwhile.
 */
export class Lease {
  readonly #id: string;
  readonly #stop: Closing;
  readonly #folder: LeaseFolder;
  readonly #turnstile: Turnstile;
  readonly #events: LeaseEvents;
  readonly #over = new AbortController();
  /** Settles when the command that is running now has ended. */
  #running: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  /** Whether `run` was begun, so that there is something to undo. */
  #isBegun = false;
  #closing: Promise<boolean> | undefined;
  #failure: string | undefined;
  readonly #firstFailure: Promise<void>;
  #tellFailure: () => void = () => undefined;

  constructor(
    { id }: Pick<Grant, 'id'>,
    stop: Closing,
    folder: LeaseFolder,
    turnstile: Turnstile,
    events: LeaseEvents,
  ) {
    this.#id = id;
    this.#stop = stop;
    this.#folder = folder;
    this.#turnstile = turnstile;
    this.#events = events;
    this.#firstFailure = new Promise((resolve) => {
      this.#tellFailure = resolve;
    });
  }

  /** How the last `stop` failed, if it did. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Whether `run` or `stop` is running. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Runs `run`, unless the lease is over before it has begun.
   * @param latest the grant as it is when `run` may begin
   */
  async begin(command: Command, latest: () => Grant): Promise<Outcome | undefined> {
    if (this.#closing !== undefined || this.#over.signal.aborted) return undefined;
    const note = (pid: number): void => {
      this.#folder.noteRun(latest(), pid);
      this.#isBegun = true;
    };
    return this.#track(runStep(this.#folder, this.#id, 'run', command, { note, regardless: false }));
  }

  /** Goes on with one whose `run` was begun before. */
  resume(): void {
    this.#isBegun = true;
  }

  /** Waits for a `run` that a daemon before us has begun. @returns whether it succeeded, if anybody knows */
  awaitRun(): Promise<boolean | undefined> {
    return this.#track(awaitLeftover(this.#folder, this.#id, 'run', this.#stop.timeout));
  }

  /** Runs `stop` as often as it takes, after whatever is running. @returns whether it has succeeded; it has not if the lease was let go */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Settles when `stop` has succeeded or failed for the first time, or will not run. */
  async firstTry(): Promise<void> {
    await Promise.race([this.close(), this.#firstFailure]);
  }

  /** Settles when nothing is running. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Runs nothing any more; what is running goes on. */
  letGo(): void {
    this.#over.abort();
  }

  async #close(): Promise<boolean> {
    const { signal } = this.#over;
    await this.#running;
    if (!this.#isBegun) return true;
    if (await this.#track(awaitLeftover(this.#folder, this.#id, 'stop', this.#stop.timeout))) return true;
    for (let tries = 1; !signal.aborted; tries++) {
      const outcome = await this.#turnstile.through(() => this.#tryStop());
      if (outcome === undefined) break;
      this.#failure = succeeded(outcome) ? undefined : describeOutcome(outcome);
      this.#events.stopEnded(outcome, tries);
      if (this.#failure === undefined) return true;
      this.#tellFailure();
      await pause(backoff(tries), signal);
    }
    return false;
  }

  async #tryStop(): Promise<Outcome | undefined> {
    if (this.#over.signal.aborted) return undefined;
    const note = (pid: number): void => {
      this.#folder.noteStop(this.#id, pid);
    };
    const { argv, environment, timeout } = this.#stop;
    const command = { argv, environment, timeout };
    return this.#track(runStep(this.#folder, this.#id, 'stop', command, { note, regardless: true }));
  }

  async #track<Ended>(running: Promise<Ended>): Promise<Ended> {
    const ended = (): void => {
      this.#isRunning = false;
    };
    this.#isRunning = true;
    this.#running = running.then(ended, ended);
    return running;
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    // Let go: the loop looks at the signal itself.
  }
}
