import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Installation } from './installation.js';
import type { Host, Network } from './network.js';
import { BOUNCER } from './paths.js';
import { waitFor } from './wait.js';

/** One record of the daemon's log. */
export interface LogRecord {
  readonly msg: string;
  readonly level: number;
  readonly decision?: 'accept' | 'reject';
  readonly reason?: string;
  readonly [field: string]: unknown;
}

/** A running `bouncer run` and its log. */
export class Bouncer {
  readonly child: ChildProcess;
  readonly records: LogRecord[] = [];
  /** The lines of the log as they are. */
  readonly lines: string[] = [];
  /** What it wrote to standard error. */
  complaints = '';
  /** Settles with the exit status or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.ended = once(child, 'close').then(
      ([status, signal]) => (status ?? signal) as number | NodeJS.Signals,
    );
    if (child.stdout === null) throw new Error('no standard output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.records.push(JSON.parse(line.replace(/^<\d>/, '')) as LogRecord);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.complaints += text;
    });
  }

  /**
   * Starts the daemon on a host without waiting for anything.
   * @param node what runs its program: node, or a command that becomes it
   * @param program the clone's, or that of a package
   */
  static spawn(
    network: Pick<Network, 'start'>,
    host: Host,
    installation: Pick<Installation, 'config'>,
    options: string[] = [],
    node: readonly string[] = [process.execPath],
    program = BOUNCER,
  ): Bouncer {
    const argv = [...node, program, 'run', '-c', installation.config, ...options];
    return new Bouncer(network.start(host, argv, { stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Starts the daemon on the server and waits until it listens. */
  static async start(network: Network, installation: Installation, options: string[] = []): Promise<Bouncer> {
    const bouncer = Bouncer.spawn(network, network.server, installation, options);
    await bouncer.logged('listening', isListening);
    return bouncer;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('bouncer did not start');
    return this.child.pid;
  }

  /** The process of the capture that listens now. */
  get capturePid(): number {
    return Number(this.records.findLast(isListening)?.['capture_pid']);
  }

  get accepted(): LogRecord[] {
    return this.records.filter(({ decision }) => decision === 'accept');
  }

  get rejected(): LogRecord[] {
    return this.records.filter(({ decision }) => decision === 'reject');
  }

  /** Waits for a record, of those from the `from`th on. */
  async logged(what: string, matches: (record: LogRecord) => boolean, from = 0): Promise<LogRecord> {
    const look = (): LogRecord | undefined => this.records.slice(from).find(matches);
    try {
      return await waitFor(`the log to say: ${what}`, look);
    } catch (error) {
      const log = this.records.map(({ msg }) => msg).join('\n');
      throw new Error(`${(error as Error).message}; it says:\n${log}\n${this.complaints}`, { cause: error });
    }
  }

  /** Sends a signal, and waits for a record that comes after it. */
  async signal(
    signal: NodeJS.Signals,
    what: string,
    matches: (record: LogRecord) => boolean,
  ): Promise<LogRecord> {
    const from = this.records.length;
    this.child.kill(signal);
    return this.logged(what, matches, from);
  }

  /** Has the config read again, and waits until that has worked. */
  async reload(): Promise<void> {
    await this.signal('SIGHUP', 'config reloaded', ({ msg }) => msg === 'config reloaded');
  }

  /** Ends the daemon in order. @returns its exit status */
  async stop(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGTERM');
    return this.ended;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

export function isListening({ msg }: LogRecord): boolean {
  return msg.startsWith('listening on ');
}
