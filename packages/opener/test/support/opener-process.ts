import { spawn, type SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a run of the command left. */
export interface Outcome {
  /** `null` if a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Text or bytes for standard input; without it, standard input is empty. */
  readonly stdin?: string | Uint8Array;
  /** Takes the place of the pipes. */
  readonly stdio?: SpawnOptions['stdio'];
  readonly uid?: number;
}

export const OPENER = fileURLToPath(import.meta.resolve('@bouncer-spa/opener/bin/opener.js'));

/** Milliseconds after which a run is ended, so that one that waits for ever fails its test and no more. */
const PATIENCE = 15_000;

/** Runs the built command to its end. */
export async function opener(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { env = {}, stdin = '', stdio = 'pipe', ...others } = options;
  const child = spawn(process.execPath, [OPENER, ...args], { env, stdio, timeout: PATIENCE, ...others });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // The command may have ended without reading.
  child.stdin?.on('error', () => undefined).end(stdin);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { exitCode, stdout, stderr };
}
