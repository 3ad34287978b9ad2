import type { DecisionTally } from './core/decision-tally.js';
import type { CaptureSet } from './system/capture-set.js';
import type { Log } from './system/log.js';
import { NotifySocket, watchdogTime } from './system/notify-socket.js';

/** Milliseconds of the longest timer that there is. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Watched {
  readonly captures: CaptureSet;
  readonly tally: DecisionTally;
}

/**
 * Tells the service manager, if we were started by one, when we listen, reload and stop, and that we are
 * well: that the event loop turns, and that each capture gives signs of life.
 */
export class Supervision {
  readonly #socket: NotifySocket | undefined;
  readonly #watched: Watched;
  readonly #interval: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Whether states are told: from the first moment of listening until we stop. */
  #tells = false;

  constructor(environment: NodeJS.ProcessEnv, watched: Watched, log: Log) {
    const { NOTIFY_SOCKET: path } = environment;
    let told = false;
    this.#socket =
      path === undefined
        ? undefined
        : new NotifySocket(path, (reason) => {
            if (!told)
              log.error({ reason }, `systemd is not told how bouncer fares: systemd-notify: ${reason}`);
            told = true;
          });
    this.#watched = watched;
    const time = watchdogTime(environment);
    this.#interval = time === undefined ? undefined : Math.min(time / 2, LONGEST_TIMER);
  }

  /** Begins when the captures do. */
  start(): void {
    if (this.#socket === undefined) return;
    void this.#watched.captures.listening.then(() => {
      this.#tells = true;
      this.ready();
    });
    if (this.#interval === undefined) return;
    this.#timer = setInterval(() => {
      this.#ping();
    }, this.#interval);
  }

  /** To be called when a reload is over. */
  ready(): void {
    if (this.#tells) this.#socket?.tell(['READY=1', this.#status]);
  }

  reloading(): void {
    const microseconds = process.hrtime.bigint() / 1_000n;
    if (this.#tells)
      this.#socket?.tell([
        'RELOADING=1',
        `MONOTONIC_USEC=${microseconds}`,
        'STATUS=reading the config again',
      ]);
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#tells = false;
    this.#socket?.tell(['STOPPING=1', 'STATUS=letting running actions end']);
  }

  /** Says that we are well; if not, the service manager will start us again. */
  #ping(): void {
    if (this.#socket?.isBusy === false && this.#watched.captures.takeSigns())
      this.#socket.tell(['WATCHDOG=1', this.#status]);
  }

  get #status(): string {
    const { captures, tally } = this.#watched;
    const heard = captures.told.map(({ plan: { spec }, history }) =>
      history.isListening
        ? `listening on ${spec.interface} for udp port ${spec.port}`
        : `not listening on ${spec.interface}: ${history.lastLoss?.reason ?? 'not yet'}`,
    );
    return `STATUS=${[...heard, `${tally.acceptedInAll} accepted`].join('; ').replaceAll('\n', ' ')}`;
  }
}
