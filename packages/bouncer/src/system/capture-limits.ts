import { readFileSync } from 'node:fs';

/** How the users of the machine's own user namespace are mapped (user_namespaces(7)). */
const NO_NAMESPACE = /^\s*0\s+0\s+4294967295\s*$/;

/**
 * What the capture process may use of the system (setrlimit(2)), as options of prlimit(1): nobody who takes it
 * over can write to a file, or start a program or a thread.
 *
 * The kernel counts processes by user, and root is free to start any. So the limit takes effect when the
 * capture process, with all its threads, has become another user. Root of a user namespace of its own is
 * not free: with this limit Node.js could not even start.
 */
export function captureLimits(): string[] {
  const isMachine = NO_NAMESPACE.test(readFileSync('/proc/self/uid_map', 'ascii'));
  return ['--fsize=0', ...(isMachine ? ['--nproc=0'] : [])];
}
