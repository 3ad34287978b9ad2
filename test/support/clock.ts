import { renameSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Installation } from './installation.js';
import { repositoryPath } from './paths.js';

/** The clocks of a daemon, which a test can set. */
export class Clock {
  readonly #file: string;
  #ahead = 0;
  #monotonicAhead = 0;

  constructor(installation: Installation) {
    this.#file = installation.path('clock');
    this.#write();
  }

  /** Unix time in milliseconds, as the daemon sees it. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Sets how far it is ahead of the real time; it may step back, too. */
  setAhead(milliseconds: number): void {
    this.#ahead = milliseconds;
    this.#write();
  }

  /** Has the clock that never steps begin anew, as at a start of the machine. No daemon may be running. */
  beginAnew(): void {
    this.#monotonicAhead = -Number(process.hrtime.bigint() / 1_000_000n);
    this.#write();
  }

  /** Starts a process that has this clock. */
  givenTo<Started>(start: () => Started): Started {
    const main = pathToFileURL(repositoryPath('build/test/support/clock-main.js')).href;
    const given = { NODE_OPTIONS: `--import ${main}`, TEST_CLOCK: this.#file };
    const former = Object.keys(given).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, given);
    try {
      return start();
    } finally {
      for (const [name, value] of former) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
  }

  /** In one step, since the daemon reads the file at any time. */
  #write(): void {
    writeFileSync(`${this.#file}.new`, `${this.#ahead} ${this.#monotonicAhead}`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
