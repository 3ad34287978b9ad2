import { Refusal } from '../core/refusal.js';
import { isSystemError, reasonOf } from './reason.js';

/**
 * Reads all of standard input.
 * @param largest size in bytes above which reading stops and the input is refused
 * @throws {Refusal} if there is nothing, too much, or the system refuses
 */
export async function readStandardInput(largest: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largest) throw refusal(`expected at most ${largest} bytes, got more`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw refusal(reasonOf(error));
  }
  if (size === 0) throw refusal('is empty');
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(what: string): Refusal {
  return new Refusal('profile', { sentence: `standard input: ${what}` });
}
