import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { RECORDS_FD, type CaptureSpec } from '../capture/capture-spec.js';
import { CaptureWireDecoder, CaptureWireError, type CaptureReport } from '../core/capture-wire.js';
import type { Datagram } from '../core/datagram.js';
import { printable } from '../core/printable.js';
import { captureLimits } from './capture-limits.js';
import { childStdio } from './child-stdio.js';
import { spawnReason } from './setpriv.js';

const PROGRAM = fileURLToPath(new URL('../capture/main.js', import.meta.url));

/** What the capture process may still do while it opens the capture, and nothing else ever after. */
const BOUNDING_SET = '-all,+net_raw,+setuid,+setgid';

/** V8 has four threads to help it, each with memory of its own, and 5 MB of them for nothing here. */
const ONE_HELPER = '--v8-pool-size=1';

/** A capture that does not listen after this many milliseconds never will. */
const OPEN_MILLISECONDS = 15_000;

/** A capture reports every second. One that is silent for this many milliseconds hangs. */
const SILENT_MILLISECONDS = 5_000;

/** Milliseconds for what a capture has written to be read after its end. */
const DRAIN_MILLISECONDS = 3_000;

/** A capture that is being retired has this many milliseconds to end by itself. */
const RETIRE_MILLISECONDS = 2_000;

/** Longest complaint kept, in characters. */
const MAX_COMPLAINT = 400;

/** The capture could not be opened. The message is the system's reason. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
}

export interface CaptureListener {
  datagram(datagram: Datagram): void;
  /** @param former the report of the same process before this one */
  report(report: CaptureReport, former: CaptureReport | undefined): void;
}

/** One running capture process. Ends once and for all; another is started in its place. */
export class CaptureProcess {
  readonly #child: ChildProcess;
  readonly #decoder = new CaptureWireDecoder();
  #complaint = '';
  #failure: string | undefined;
  #hung = false;
  #heard = false;
  #lastReport: CaptureReport | undefined;

  /** Settles with the reason when the process has ended and everything it wrote has been read. */
  readonly ended: Promise<string>;

  /** Starts the process, which then waits to be told what to capture. */
  constructor() {
    this.#child = spawn(
      'setpriv',
      [
        '--no-new-privs',
        '--inh-caps=-all',
        `--bounding-set=${BOUNDING_SET}`,
        '--',
        'prlimit',
        ...captureLimits(),
        '--',
        process.execPath,
        ONE_HELPER,
        PROGRAM,
      ],
      { cwd: '/', env: {}, detached: true, stdio: childStdio(['pipe', 'ignore', 'pipe', 'pipe']) },
    );
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        resolve(spawnReason(error));
      });
      this.#child.once('exit', () => {
        this.#letGo();
      });
      this.#child.once('close', (code, signal) => {
        resolve(this.#failure ?? this.#endReason(code, signal));
      });
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-MAX_COMPLAINT);
    });
    this.#child.stdin?.on('error', () => undefined); // a process that died early; `ended` tells
  }

  /**
   * Has it open the capture. Settles when it listens. To be called once.
   * @throws {CaptureError} if it could not be opened
   */
  async open(spec: CaptureSpec, listener: CaptureListener): Promise<void> {
    const timer = setTimeout(() => {
      this.#hung = true;
      this.#fail(`it did not begin to listen within ${OPEN_MILLISECONDS / 1_000} seconds`);
    }, OPEN_MILLISECONDS);
    this.#child.stdin?.write(`${JSON.stringify(spec)}\n`);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#readRecords(listener, resolve);
        void this.ended.then((reason) => {
          reject(new CaptureError(reason));
        });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends a process that nobody needs. */
  discard(): void {
    this.#killGroup();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it had to be ended because it did nothing. */
  get hung(): boolean {
    return this.#hung;
  }

  /** Ends the process; what it has captured up to now is still handed on. */
  async retire(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => {
      this.#killGroup();
    }, RETIRE_MILLISECONDS);
    await this.ended;
    clearTimeout(timer);
  }

  #readRecords(listener: CaptureListener, onListening: () => void): void {
    const records = this.#child.stdio[RECORDS_FD] as Readable | undefined;
    let isListening = false;
    records?.on('error', () => undefined); // the process died; `ended` tells
    records?.on('data', (piece: Buffer) => {
      this.#heard = true;
      try {
        for (const record of this.#decoder.push(piece)) {
          if (record.kind === 'datagram') listener.datagram(record.datagram);
          else if (record.kind === 'report') {
            listener.report(record.report, this.#lastReport);
            this.#lastReport = record.report;
          } else if (record.kind === 'listening') {
            // Each time would be one more to watch it.
            if (isListening) throw new CaptureWireError('it began to listen twice');
            isListening = true;
            this.#watch();
            onListening();
          } else if (record.kind === 'failed') this.#failure = record.reason;
        }
      } catch (error) {
        if (!(error instanceof CaptureWireError)) throw error;
        records.removeAllListeners('data').resume();
        this.#fail(`it wrote nonsense: ${error.message}`);
      }
    });
  }

  /** Ends a capture that has gone silent. It was silent only if we had time to listen, hence the two looks. */
  #watch(): void {
    let silent = 0;
    const watch = setInterval(() => {
      silent = this.#heard ? 0 : silent + 1;
      this.#heard = false;
      if (silent < 2) return;
      clearInterval(watch);
      this.#hung = true;
      this.#fail(`it was silent for ${SILENT_MILLISECONDS / 1_000} seconds`);
    }, SILENT_MILLISECONDS / 2);
    void this.ended.then(() => {
      clearInterval(watch);
    });
  }

  #fail(reason: string): void {
    this.#failure = reason;
    this.#killGroup();
  }

  /** Whoever took the capture over could have started processes. */
  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
  }

  /** What outlives the capture and holds its pipes must not keep us from noticing its end. */
  #letGo(): void {
    this.#killGroup();
    setTimeout(() => {
      for (const stream of this.#child.stdio) stream?.destroy();
    }, DRAIN_MILLISECONDS).unref();
  }

  #endReason(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `it exited with status ${code ?? 'unknown'}` : `it was ended by ${signal}`;
    const complaint = printable(this.#complaint.trim().replaceAll(/\s+/g, ' '));
    return complaint === '' ? how : `${how}: ${complaint}`;
  }
}
