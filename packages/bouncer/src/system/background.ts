import { spawn } from 'node:child_process';

/** What a process in the background tells whoever has started it. */
export type Beginning = { readonly listens: boolean } | { readonly problem: string };

/**
 * Starts our program once more, in a session of its own and without our terminal, and waits until it says
 * how it began.
 */
export async function startInBackground(args: readonly string[]): Promise<Beginning> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const beginning = await new Promise<Beginning>((resolve) => {
    child.once('message', (message) => {
      resolve(message as Beginning);
    });
    child.once('error', (error) => {
      resolve({ problem: `bouncer: it could not be started: ${error.message}` });
    });
    child.once('exit', (status, signal) => {
      const how = signal === null ? `exited with status ${status ?? 'unknown'}` : `was ended by ${signal}`;
      resolve({ problem: `bouncer: it ${how} before it listened; the log says why` });
    });
  });
  child.unref();
  if (child.connected) child.disconnect();
  return beginning;
}

/** Whether we were started in the background, and whoever did it waits. */
export function hasStarter(): boolean {
  return process.connected;
}

/** Tells whoever has started us in the background, if anybody has and waits. */
export async function tellStarter(beginning: Beginning): Promise<void> {
  if (!hasStarter()) return;
  await new Promise<void>((resolve) => {
    // Whoever gave up waiting is no reason for us to end.
    process.send?.(beginning, () => {
      resolve();
    });
  });
  if (hasStarter()) process.disconnect();
}
