import { spawn, type ChildProcess } from 'node:child_process';
import { GUARD_TABLE } from '../core/guard.js';
import { Pauses } from '../core/pauses.js';
import { childStdio } from './child-stdio.js';
import type { Firewall } from './firewall.js';
import { NFT_ENVIRONMENT, nftProgram } from './nft-program.js';

/** Milliseconds before a monitor that ended is started again: doubled from first to longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** A monitor that lasted this many milliseconds is no reason to wait with the next. */
const LASTED = 60_000;

/** An nft that waits for changes would notice only at the next one that nobody listens. */
const ENDS_WITH_US = ['--pdeathsig', 'SIGKILL', '--'];

/** Longest piece of a line that is looked at, in characters. */
const MOST_LINE = 1_000;

/** Lines of one change that are kept. */
const MOST_LINES = 5;

/** A change of the guard's table that we did not make. */
export interface ForeignChange {
  /** The first of nft's lines about it. */
  readonly lines: readonly string[];
  /** Who did it: `nft (process 123)`. */
  readonly by: string;
}

export interface MonitorEvents {
  changed(change: ForeignChange): void;
  /** From now on changes are noticed; those up to now may not have been. */
  watching(): void;
}

/**
 * Learns at once of changes to the guard's table, by `nft monitor`: idle, it costs nothing. It is started
 * again whenever it ends.
 */
export class NftMonitor {
  readonly #firewall: Firewall;
  readonly #events: MonitorEvents;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #pauses = new Pauses(FIRST_PAUSE, LONGEST_PAUSE);
  #stopped = true;
  /** The beginning of a line. */
  #rest = '';
  /** What the change that is being told has to do with the guard. */
  #lines: string[] = [];

  constructor(firewall: Firewall, events: MonitorEvents) {
    this.#firewall = firewall;
    this.#events = events;
  }

  /** Starts to watch, unless it does already. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#spawn();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
  }

  #spawn(): void {
    const began = performance.now();
    let child: ChildProcess;
    try {
      child = spawn('setpriv', [...ENDS_WITH_US, nftProgram(), 'monitor'], {
        cwd: '/',
        env: NFT_ENVIRONMENT,
        stdio: childStdio(['ignore', 'pipe', 'ignore']),
      });
    } catch {
      this.#retry(); // without nft the guard cannot be put in place either, and that is reported
      return;
    }
    this.#child = child;
    this.#rest = '';
    this.#lines = [];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#read(text);
    });
    child.once('spawn', () => {
      this.#events.watching();
    });
    child.once('error', () => undefined); // `close` follows
    child.once('close', () => {
      if (performance.now() - began >= LASTED) this.#pauses.reset();
      if (!this.#stopped) this.#retry();
    });
  }

  #retry(): void {
    this.#timer = setTimeout(() => {
      this.#spawn();
    }, this.#pauses.next());
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MOST_LINE);
    for (const line of lines) {
      const [, pid, name = ''] = /^# new generation \d+ by process (\d+) \((.*)\)$/.exec(line) ?? [];
      if (pid === undefined) this.#keep(line);
      else this.#conclude(Number(pid), name);
    }
  }

  #keep(line: string): void {
    // nft says so when there were more events than it could take.
    const isAboutUs = line.includes(` ${GUARD_TABLE}`) || line.startsWith('# ERROR');
    if (isAboutUs && this.#lines.length < MOST_LINES) this.#lines.push(line.slice(0, MOST_LINE).trim());
  }

  #conclude(pid: number, name: string): void {
    const lines = this.#lines;
    this.#lines = [];
    if (lines.length > 0 && !this.#firewall.isOwn(pid))
      this.#events.changed({ lines, by: `${name} (process ${pid})` });
  }
}
