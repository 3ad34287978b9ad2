import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { childStdio } from './child-stdio.js';
import { reasonOf } from './reason.js';

/** A command to run: program and arguments as they are, never through a shell. */
export interface Command {
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds until all of its processes are ended. */
  readonly timeout: number;
  /**
   * Told the process before the command does anything; the command waits for a line on standard input.
   * It gets the line if this returns true, and else the end of its input.
   */
  readonly gate?: (pid: number) => boolean;
}

/** How a command ended. */
export interface Outcome {
  /** Exit status, or `undefined` if a signal ended it or it did not start. */
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Why it could not be started. */
  readonly failure: string | undefined;
  readonly timedOut: boolean;
  readonly milliseconds: number;
  /** The first bytes of what it wrote to standard output and error. */
  readonly output: string;
  /** Bytes that it wrote in all. */
  readonly outputSize: number;
}

/** Bytes of output that are kept. */
const MOST_OUTPUT = 4_096;

/** Milliseconds between the polite signal and the other one. */
const GRACE = 2_000;

/** Milliseconds between looks at a group whose leader has ended. */
const LOOK = 100;

/**
 * Runs a command as the leader of a process group of its own, from the root folder. It is over when
 * nobody is left in the group and nobody holds its output. When the time is up, the group is ended.
 */
export async function runCommand(command: Command): Promise<Outcome> {
  const [program = '', ...args] = command.argv;
  const began = performance.now();
  let child;
  try {
    child = spawn(program, args, {
      cwd: '/',
      env: command.environment,
      detached: true,
      stdio: childStdio([command.gate === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']),
    });
  } catch (error) {
    return notStarted(reasonOf(error));
  }
  if (child.pid !== undefined && child.stdin !== null) {
    child.stdin.on('error', () => undefined); // whoever ended it meanwhile
    child.stdin.end(command.gate?.(child.pid) === true ? 'go\n' : '');
  }
  const output = collect(child);
  const over = new AbortController();
  const timedOut = enforce(child, command.timeout, over.signal);
  const ending = await end(child);
  while (hasGroup(child)) await sleep(LOOK);
  over.abort();
  const milliseconds = Math.round(performance.now() - began);
  return { ...ending, timedOut: await timedOut, milliseconds, ...output() };
}

/** Whether a command did what it was meant to do. */
export function succeeded({ status, timedOut }: Outcome): boolean {
  return status === 0 && !timedOut;
}

/** How a command ended, as the end of a sentence. */
export function describeOutcome({ status, signal, failure, timedOut }: Outcome): string {
  if (failure !== undefined) return `could not be started: ${failure}`;
  if (timedOut) return 'was ended at its time limit';
  return signal === undefined ? `exited with status ${status ?? 'unknown'}` : `was ended by ${signal}`;
}

function notStarted(failure: string): Outcome {
  const nothing = { status: undefined, signal: undefined, timedOut: false, milliseconds: 0 };
  return { ...nothing, failure, output: '', outputSize: 0 };
}

type Ending = Pick<Outcome, 'status' | 'signal' | 'failure'>;

function end(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve({ status: undefined, signal: undefined, failure: reasonOf(error) });
    });
    child.once('close', (status, signal) => {
      resolve({ status: status ?? undefined, signal: signal ?? undefined, failure: undefined });
    });
  });
}

function collect(child: ChildProcess): () => Pick<Outcome, 'output' | 'outputSize'> {
  const kept: Buffer[] = [];
  let size = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => {
      if (size < MOST_OUTPUT) kept.push(piece.subarray(0, MOST_OUTPUT - size));
      size += piece.length;
    });
    stream?.on('error', () => undefined); // destroyed by the time limit
  }
  return () => ({ output: Buffer.concat(kept).toString('utf8'), outputSize: size });
}

/** Ends the group when the time is up. @returns whether it came to that */
async function enforce(child: ChildProcess, timeout: number, ended: AbortSignal): Promise<boolean> {
  if (!(await elapses(timeout, ended))) return false;
  signalGroup(child, 'SIGTERM');
  if (await elapses(GRACE, ended)) {
    signalGroup(child, 'SIGKILL');
    // Whoever left the group but kept the output must not keep us waiting.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
  return true;
}

async function elapses(milliseconds: number, ended: AbortSignal): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal: ended });
    return true;
  } catch {
    return false;
  }
}

/** @returns whether anybody was there to get it */
function signalGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  // The number of a group that still has members is not given to a new process. If there is one in
  // the place of our leader, the group is gone and the new one is somebody else.
  const leaderEnded = exitCode !== null || signalCode !== null;
  if (leaderEnded && existsSync(`/proc/${pid}`)) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false; // nobody is left
  }
}

function hasGroup(child: ChildProcess): boolean {
  return signalGroup(child, 0);
}
