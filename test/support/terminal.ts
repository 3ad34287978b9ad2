import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What somebody saw who ran a command at a terminal. */
export interface Session {
  readonly screen: string;
  readonly status: number | null;
}

/** Keys that end a question without an answer. */
export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';

/** Milliseconds that somebody takes who has pasted something to press a key. */
const PAUSE = 500;

/** Milliseconds that the whole of it may take. */
const PATIENCE = 25_000;

/**
 * Runs a line of the shell at a terminal of its own (script(1)), and types each answer when its question is
 * there.
 * @param answers the beginning of the question, and the keys, with a pause between one and the next
 */
export async function typeAt(
  line: string,
  answers: readonly (readonly [question: string, ...keys: string[]])[],
  env: NodeJS.ProcessEnv = {},
): Promise<Session> {
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { ...env, PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: 'pipe',
    timeout: PATIENCE,
  });
  let screen = '';
  let seen = 0;
  const waiting = [...answers];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [question, ...keys] = waiting[0] ?? [];
    const at = question === undefined ? -1 : screen.indexOf(question, seen);
    if (at < 0 || !screen.slice(at).includes(': ')) return;
    waiting.shift();
    seen = screen.length;
    for (const [count, typed] of keys.entries()) {
      setTimeout(() => child.stdin.write(typed), count * PAUSE);
    }
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { screen, status };
}
