import { spawn, type ChildProcess } from 'node:child_process';
import { childStdio } from './child-stdio.js';
import { reasonOf } from './reason.js';

/** Milliseconds that a message may take; systemd-notify itself waits for no longer than five seconds. */
const TIME_LIMIT = 10_000;

/** Longest complaint kept, in characters. */
const MOST_COMPLAINT = 200;

/**
 * Tells the service manager about us (sd_notify(3)). Node.js cannot send datagrams to a Unix socket, so
 * systemd-notify does. It ends when the message has been taken, so that they arrive in order.
 */
export class NotifySocket {
  readonly #path: string;
  readonly #onFailure: (reason: string) => void;
  #next: readonly string[] | undefined;
  #busy = false;

  /** @param onFailure told why a message could not be sent */
  constructor(path: string, onFailure: (reason: string) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
  }

  /** Whether there is something that the service manager has not been told yet. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Tells a state, as assignments. Of those that come while one is being told, only the last is. */
  tell(assignments: readonly string[]): void {
    this.#next = assignments;
    if (!this.#busy) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#busy = true;
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      const failure = await this.#send(next);
      if (failure !== undefined) this.#onFailure(failure);
    }
    this.#busy = false;
  }

  /** @returns why it did not work, if so */
  #send(assignments: readonly string[]): Promise<string | undefined> {
    let child: ChildProcess;
    try {
      child = spawn('systemd-notify', assignments, {
        cwd: '/',
        env: { NOTIFY_SOCKET: this.#path },
        stdio: childStdio(['ignore', 'ignore', 'pipe']),
        timeout: TIME_LIMIT,
        killSignal: 'SIGKILL',
      });
    } catch (error) {
      return Promise.resolve(reasonOf(error));
    }
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, MOST_COMPLAINT);
    });
    return new Promise((resolve) => {
      child.once('error', (error) => {
        resolve(reasonOf(error));
      });
      child.once('close', (status, signal) => {
        if (status === 0) resolve(undefined);
        else resolve(complaint.trim() || `it ended with ${signal ?? `status ${status ?? 'unknown'}`}`);
      });
    });
  }
}

/** Milliseconds within which the service manager wants to hear that we are well; `undefined` if it does not. */
export function watchdogTime({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | undefined {
  const milliseconds = Number(WATCHDOG_USEC ?? 0) / 1_000;
  const isForUs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  return isForUs && milliseconds >= 1 ? milliseconds : undefined;
}
