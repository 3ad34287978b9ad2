import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { priorityOf } from '../core/log-priority.js';
import { Pauses } from '../core/pauses.js';
import { priorityMark, type Facility } from '../core/syslog-facility.js';
import { childStdio } from './child-stdio.js';
import { CountingSink } from './counting-sink.js';
import { FLUSH_MILLISECONDS, MOST_WAITING } from './pipe-sink.js';
import { reasonOf } from './reason.js';

/** Where syslog daemons listen (syslog(3)). */
const SOCKET = '/dev/log';

/** Longest line in bytes, so that logger(1) cuts none: the output of an action is the longest that there is. */
const LONGEST_LINE = 32 * 1024;

/**
 * logger(1) ends when nobody takes what it sends, which it would hide otherwise. So we learn of it, and
 * start another.
 */
const ARGUMENTS = [
  ...['--socket', SOCKET, '--socket-errors=on', '--size', String(LONGEST_LINE)],
  ...['--prio-prefix', '--tag', 'bouncer', `--id=${process.pid}`],
];

/** Milliseconds before a logger that ended is started again: doubled from first to longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/** A logger that lasted this many milliseconds is no reason to wait with the next. */
const LASTED = 10_000;

/** Longest complaint kept, in characters. */
const MOST_COMPLAINT = 200;

/** The syslog of the machine. Node.js cannot send datagrams to a Unix socket, so one logger(1) does. */
export class Syslog extends CountingSink {
  #facility: Facility | undefined;
  #child: ChildProcess | undefined;
  #problem = 'logger has not been started';
  /** Whether the logger that runs has been given a line. */
  #took = false;
  readonly #pauses = new Pauses(FIRST_PAUSE, LONGEST_PAUSE);
  #timer: NodeJS.Timeout | undefined;

  /** Goes over to another facility; without one, nothing is sent. */
  follow(facility: Facility | undefined): void {
    this.#facility = facility;
    clearTimeout(this.#timer);
    if (facility === undefined) this.#child?.stdin?.end();
    else if (this.#child === undefined) this.#start();
  }

  async flush(): Promise<void> {
    const child = this.#child;
    this.follow(undefined);
    if (child === undefined) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), FLUSH_MILLISECONDS);
    await once(child, 'close');
    clearTimeout(timer);
  }

  protected put(line: string): string | undefined {
    if (this.#facility === undefined) return undefined;
    const input = this.#child?.stdin;
    if (!input?.writable) return this.#problem;
    if (input.writableLength > MOST_WAITING) return 'syslog is too slow';
    this.#took = true;
    input.write(`${priorityMark(priorityOf(line), this.#facility)}${line}`);
    return undefined;
  }

  #start(): void {
    const began = performance.now();
    let child: ChildProcess;
    try {
      child = spawn('logger', ARGUMENTS, {
        cwd: '/',
        env: {},
        stdio: childStdio(['pipe', 'ignore', 'pipe']),
      });
    } catch (error) {
      this.#retry(reasonOf(error));
      return;
    }
    this.#child = child;
    this.#took = false;
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, MOST_COMPLAINT);
    });
    child.stdin?.on('error', () => undefined); // `close` follows
    child.once('error', (error) => {
      complaint = `logger: ${error.message}`; // `close` follows
    });
    child.once('close', () => {
      this.#child = undefined;
      if (performance.now() - began >= LASTED) this.#pauses.reset();
      this.#retry(complaint.trim() || 'logger ended');
    });
  }

  #retry(problem: string): void {
    this.#problem = problem;
    if (this.#facility === undefined) return;
    // It had taken at least the line that it ended for.
    if (this.#took) this.lose(problem);
    this.#timer = setTimeout(() => {
      this.#start();
    }, this.#pauses.next());
  }
}
