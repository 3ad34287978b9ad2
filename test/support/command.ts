import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { BOUNCER } from './paths.js';

/** How a command ended. */
export interface Ending {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** What stands before `node bouncer.js`, such as `ip netns exec NAME`. */
  readonly wrapper?: readonly string[];
  readonly cwd?: string;
}

/** A command that should end by itself has this many milliseconds. */
const PATIENCE = 15_000;

/** Runs `bouncer` to its end. */
export async function bouncerCommand(
  args: readonly string[],
  { wrapper = [], cwd = '/' }: Surroundings = {},
): Promise<Ending> {
  return runToEnd([...wrapper, process.execPath, BOUNCER, ...args], cwd);
}

/** Runs a command to its end. */
export async function runToEnd(argv: readonly string[], cwd = '/'): Promise<Ending> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return { status: status ?? signal ?? 'SIGKILL', stdout, stderr };
}
