import { ProtocolError } from '@bouncer-spa/protocol';
import { Refusal } from './refusal.js';

/** Size in bytes of a written secret: 64 digits, and CR LF from editors that end lines so. */
export const SECRET_TEXT_MAX_SIZE = 66;

/** Whether a text has the form of a seed or gate key, where the name of a file belongs. */
export function isWrittenSecret(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text);
}

/**
 * Reads a seed or gate key from what a file held.
 * @param origin the file's name, for the refusal
 * @throws {Refusal} if the text is anything but 64 hexadecimal digits and the end of a line
 */
export function parseSecretText<Secret>(
  text: string,
  origin: string,
  parse: (text: string) => Secret,
): Secret {
  try {
    return parse(text.endsWith('\r\n') ? text.slice(0, -2) : text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Refusal('profile', { sentence: `${origin}: ${error.message}` });
  }
}
