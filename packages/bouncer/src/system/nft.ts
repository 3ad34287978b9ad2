import { spawn } from 'node:child_process';
import { childStdio } from './child-stdio.js';
import { FirewallError } from './firewall-error.js';
import { NFT_ENVIRONMENT, nftProgram } from './nft-program.js';
import { NftSession } from './nft-session.js';
import { reasonOf } from './reason.js';

/** An nft that takes longer than these milliseconds hangs. Rulesets of 100,000 elements take one second. */
const TIME_LIMIT = 10_000;

/** Largest answer, in bytes: some 500,000 elements. */
const MOST_ANSWER = 64 * 1024 * 1024;

/** Characters of a complaint that are kept. */
const MOST_COMPLAINT = 2_000;

/** Longest sentence made of a complaint, in characters. */
const LONGEST_REASON = 400;

/** Processes of ours that are remembered, to know their changes from others'. */
const MOST_REMEMBERED = 100;

/** What nft said and how it ended. */
interface Answer {
  readonly status: number | null;
  readonly output: string;
  readonly complaint: string;
}

/** Runs nft. All lines of a transaction take effect, or none. One call after the other. */
export class Nft {
  readonly #session = new NftSession();
  readonly #pids: number[] = [];

  /** Whether a process of this number was started here lately. */
  isOwn(pid: number): boolean {
    return this.#pids.includes(pid) || this.#session.pid === pid;
  }

  /**
   * Makes one transaction of lines as fast as possible. They have to be such that they can be made twice.
   * @throws {FirewallError} if nft did not do it
   */
  async applyFast(lines: readonly string[]): Promise<void> {
    if (lines.length > 0 && !(await this.#session.apply(lines))) await this.apply(lines);
  }

  #own(pid: number | undefined): void {
    if (pid === undefined) return;
    this.#pids.push(pid);
    if (this.#pids.length > MOST_REMEMBERED) this.#pids.shift();
  }

  /**
   * Makes one transaction of lines.
   * @throws {FirewallError} if nft did not do it
   */
  async apply(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { status, complaint } = await this.#run(['-f', '-'], `${lines.join('\n')}\n`);
    if (status !== 0) throw new FirewallError(`nft: ${reasonIn(complaint, status)}`);
  }

  /**
   * Lists something, as JSON.
   * @param elements whether to list the elements of sets too
   * @returns `undefined` if it is not there
   * @throws {FirewallError} if nft could not list it
   */
  async list(what: readonly string[], elements: 'terse' | 'all' = 'all'): Promise<string | undefined> {
    const options = elements === 'terse' ? ['-j', '-t'] : ['-j'];
    const { status, output, complaint } = await this.#run([...options, 'list', ...what], '');
    if (status === 0) return output;
    if (complaint.includes('No such file or directory')) return undefined;
    throw new FirewallError(`nft: ${reasonIn(complaint, status)}`);
  }

  #run(args: readonly string[], input: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = spawn(nftProgram(), args, {
        cwd: '/',
        env: NFT_ENVIRONMENT,
        detached: true,
        stdio: childStdio(['pipe', 'pipe', 'pipe']),
      });
      this.#own(child.pid);
      const fail = (reason: string): void => {
        if (child.pid !== undefined) killGroup(child.pid);
        for (const stream of child.stdio) stream?.destroy();
        reject(new FirewallError(`nft: ${reason}`));
      };
      const timer = setTimeout(() => {
        fail(`gave no answer within ${TIME_LIMIT / 1_000} seconds, and was ended`);
      }, TIME_LIMIT);
      const output: Buffer[] = [];
      let size = 0;
      let complaint = '';
      child.stdout?.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > MOST_ANSWER) fail(`answered with more than ${MOST_ANSWER} bytes`);
        else output.push(piece);
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        complaint = (complaint + text).slice(0, MOST_COMPLAINT);
      });
      child.stdin?.on('error', () => undefined); // it ended early; its status tells why
      child.stdin?.end(input);
      child.once('error', (error) => {
        clearTimeout(timer);
        fail(reasonOf(error));
      });
      child.once('close', (status) => {
        clearTimeout(timer);
        resolve({ status, output: Buffer.concat(output).toString('utf8'), complaint });
      });
    });
  }
}

/** Ends a process and those that it started. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

/** The first of nft's complaints and the line that it is about, without the marks below. */
function reasonIn(complaint: string, status: number | null): string {
  const [what, line] = complaint.split('\n');
  const text = [what?.replace(/^(\S+:\d+:\d+-\d+: )?Error: /, ''), line].filter(Boolean).join(': ');
  if (text === '') return status === null ? 'was ended by a signal' : `exited with status ${status}`;
  return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)} ...` : text;
}
