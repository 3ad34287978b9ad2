import { Refusal } from '../core/refusal.js';
import { isSystemError, reasonOf } from './reason.js';

/**
 * Writes to standard output and waits until the system has taken it.
 * @throws {Refusal} if the system does not, as with a pipe whose reader is gone
 */
export async function writeStandardOutput(text: string): Promise<void> {
  const error = await new Promise<unknown>((resolve) => {
    process.stdout.once('error', resolve);
    process.stdout.write(text, resolve);
  });
  if (error === undefined || error === null) return;
  if (!isSystemError(error)) throw error as Error;
  throw new Refusal('sending', { sentence: `could not write to standard output: ${reasonOf(error)}` });
}
