import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Bytes. With a limit of exactly 1 the kernel writes no core file and starts no program that takes one;
 * 0 is not respected for such a program (core(5), fs/coredump.c).
 */
const LIMIT = '1';

/** Our own limit, soft and hard (proc(5)). */
const CORE_LIMIT = /^Max core file size +(\S+)/m;

/**
 * Keeps the seeds in our memory out of core dumps. Only the soft limit is set, so that an action may
 * raise it for itself. Node.js cannot set limits, so prlimit(1) does.
 * @returns why it does not work, if so
 */
export async function forbidCoreDumps(): Promise<string | undefined> {
  try {
    if (CORE_LIMIT.exec(await readFile('/proc/self/limits', 'utf8'))?.[1] === LIMIT) return undefined;
    const args = ['--pid', String(process.pid), `--core=${LIMIT}:`];
    await promisify(execFile)('prlimit', args, { env: {}, cwd: '/' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}
