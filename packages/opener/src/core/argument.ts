import { ARGUMENT_MAX_SIZE } from '@bouncer-spa/protocol';
import { Refusal } from './refusal.js';

/**
 * Checks the argument for the action: Unicode text without NUL, at most 64 bytes of UTF-8.
 * @throws {Refusal} if it is anything else
 */
export function checkArgument(text: string): string {
  const size = Buffer.byteLength(text);
  if (size > ARGUMENT_MAX_SIZE) {
    throw new Refusal('usage', {
      sentence: `argument expected at most ${ARGUMENT_MAX_SIZE} bytes of UTF-8, got ${size}`,
    });
  }
  if (!text.isWellFormed() || text.includes('\0')) {
    throw new Refusal('usage', { sentence: 'argument expected Unicode text without NUL' });
  }
  return text;
}
