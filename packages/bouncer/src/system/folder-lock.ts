import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Seconds to wait for another administrator's command. */
const PATIENCE = 10;

/** What flock exits with when its time is over. */
const TIMED_OUT = 1;

/** A lock that was not to be had. */
export class LockError extends Error {
  override readonly name = 'LockError';
}

/**
 * Does something while no other command works on the folder. The lock is the kernel's (flock(2)), held
 * by a child that ends with us, so that it cannot be left behind.
 * @throws {LockError} if it is still held after some seconds
 */
export async function whileLocked<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const holder = spawn('flock', ['--exclusive', '--wait', String(PATIENCE), folder, 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<string>((resolve) => {
    holder.once('error', (error) => {
      resolve(`flock could not be started: ${error.message}`);
    });
    holder.once('close', (status) => {
      resolve(
        status === TIMED_OUT
          ? `${folder} is still being changed by another command after ${PATIENCE} seconds`
          : `${folder} cannot be locked: is it there?`,
      );
    });
  });
  holder.stdin.on('error', () => undefined); // It ended; that is told by its end.
  // What cat gives back shows that flock has the lock.
  holder.stdin.write('\n');
  const failure = await Promise.race([once(holder.stdout, 'data').then(() => undefined), ended]);
  if (failure !== undefined) throw new LockError(failure);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
