import { spawn } from 'node:child_process';
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
 * @returns how the process broke, or `undefined` if it did not
 * @throws {Error} if it could not be started or did not end
 */
export async function breakageOf(folder: string): Promise<string | undefined> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, PROGRAM, folder], {
    cwd: '/',
    env: {},
    stdio: childStdio(['ignore', 'ignore', 'pipe']),
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, MOST_COMPLAINT);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new Error(`cannot be checked: ${spawnReason(error)}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else if (BROKE.includes(signal)) resolve(`${signal ?? ''}: ${complaint.trim()}`);
      else reject(new Error(`cannot be checked: ${signal ?? `status ${code ?? ''}`} ${complaint.trim()}`));
    });
  });
}
