import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childStdio } from './child-stdio.js';
import { spawnReason } from './setpriv.js';

const PROGRAM = fileURLToPath(new URL('replay-check-main.js', import.meta.url));

/** Signals with which a process ends that broke. Others are somebody's will. */
const BROKE: readonly (NodeJS.Signals | null)[] = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV'];

/** A store that takes longer than this many milliseconds to read is of no use. */
const LIMIT = 60_000;

/** Longest complaint kept, in characters. */
const MOST_COMPLAINT = 400;

/**
 * Has a process of its own read a store, because some damage makes LevelDB end the process that meets
 * it: the daemon would end at each of its starts, and lock its owner out. The process ends with us, so
 * that it does not keep the store from the next daemon.
 */
export class ReplayCheck {
  readonly #child: ChildProcess;
  /** Settles with how the process broke, or `undefined` if it did not. */
  readonly #ended: Promise<string | undefined>;

  /** Starts the process, which then waits to be told where the store is. */
  constructor() {
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, PROGRAM], {
      cwd: '/',
      env: {},
      stdio: childStdio(['pipe', 'ignore', 'pipe']),
    });
    let complaint = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, MOST_COMPLAINT);
    });
    this.#child.stdin?.on('error', () => undefined); // a process that died early; `#ended` tells
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', (error) => {
        reject(new Error(`cannot be checked: ${spawnReason(error)}`, { cause: error }));
      });
      this.#child.once('close', (code, signal) => {
        if (code === 0) resolve(undefined);
        else if (BROKE.includes(signal)) resolve(`${signal ?? ''}: ${complaint.trim()}`);
        else reject(new Error(`cannot be checked: ${signal ?? `status ${code ?? ''}`} ${complaint.trim()}`));
      });
    });
    this.#ended.catch(() => undefined); // who waits for it learns of it
  }

  /**
   * Has it read a store. To be called once.
   * @returns how the process broke, or `undefined` if it did not
   * @throws {Error} if it could not be started or did not end
   */
  async breakageOf(folder: string): Promise<string | undefined> {
    const timer = setTimeout(() => {
      this.discard();
    }, LIMIT);
    this.#child.stdin?.end(folder);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the process. */
  discard(): void {
    this.#child.kill('SIGKILL');
  }
}
