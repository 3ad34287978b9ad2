import { Refusal } from '../core/refusal.js';
import { parseSecretText, SECRET_TEXT_MAX_SIZE } from '../core/secret-text.js';
import { readRegularFile } from './regular-file.js';

/**
 * Reads a seed or gate key from a file that nobody but its owner can read.
 * @throws {Refusal} if the file cannot be read, is open to others, or holds anything else
 */
export function readSecretFile<Secret>(
  path: string,
  parse: (text: string) => Secret,
  hintIfMissing: string,
): Secret {
  const { text, exposure } = readRegularFile(path, SECRET_TEXT_MAX_SIZE, hintIfMissing);
  if (exposure.length > 0) throw new Refusal('profile', ...exposure);
  return parseSecretText(text, path, parse);
}
