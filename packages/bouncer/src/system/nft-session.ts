import { spawn, type ChildProcess } from 'node:child_process';
import { childStdio } from './child-stdio.js';
import { NFT_ENVIRONMENT, nftProgram } from './nft-program.js';

/** A transaction that takes longer than these milliseconds is left to a process of its own. */
const PATIENCE = 1_000;

/** Milliseconds without a session after one that broke. */
const PAUSE = 60_000;

/** What nft says when it is asked for a table that does not exist. */
const NO_SUCH_TABLE = /^Error: No such file or directory[^\n]*$/;

/**
 * One nft that stays, for transactions that have to be quick. It says nothing when all went well, so
 * after each transaction it is asked for a table that does not exist: when it complains of that and of
 * nothing else, the transaction is done. Whatever else happens is for a process of its own to find out.
 */
export class NftSession {
  #child: ChildProcess | undefined;
  #complaint = '';
  #onComplaint: (() => void) | undefined;
  #count = 0;
  #broken = -Infinity;

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts nft, so that the first transaction need not wait for it. */
  start(): void {
    if (this.#child !== undefined || performance.now() - this.#broken < PAUSE) return;
    let child: ChildProcess;
    try {
      child = spawn(nftProgram(), ['-i'], {
        cwd: '/',
        env: NFT_ENVIRONMENT,
        detached: true,
        stdio: childStdio(['pipe', 'ignore', 'pipe']),
      });
    } catch {
      return; // without nft, the process of its own tells
    }
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
      this.#onComplaint?.();
    });
    child.stdin?.on('error', () => undefined); // `close` follows
    child.once('error', () => undefined); // `close` follows
    child.once('close', () => {
      if (this.#child === child) this.#break();
    });
  }

  /**
   * Makes one transaction of lines. Not to be called before the one before has been answered.
   * @returns whether it is certain that it was made
   */
  async apply(lines: readonly string[]): Promise<boolean> {
    this.start();
    if (this.#child === undefined) return false;
    const question = `list table inet answer${++this.#count}`;
    this.#complaint = '';
    const answered = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => {
        this.#break();
      }, PATIENCE);
      this.#onComplaint = () => {
        const isAnswered = this.#complaint.includes(question);
        if (!isAnswered && this.#child !== undefined) return;
        clearTimeout(timer);
        this.#onComplaint = undefined;
        resolve(isAnswered && complainsOnlyOf(question, this.#complaint));
      };
    });
    this.#child.stdin?.write(`${lines.join('; ')}\n${question}\n`);
    return answered;
  }

  #break(): void {
    this.#broken = performance.now();
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    this.#onComplaint?.();
  }
}

/** Marks below a line, which may be those of the question before, do not count. */
function complainsOnlyOf(question: string, complaint: string): boolean {
  const lines = complaint.split('\n').filter((line) => !/^[\s^~]*$/.test(line));
  const [first = '', second, ...rest] = lines;
  return NO_SUCH_TABLE.test(first) && second === question && rest.length === 0;
}
