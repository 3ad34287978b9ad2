import { Refusal } from '../core/refusal.js';
import { readRegularFile } from './regular-file.js';

const MAX_SIZE = 1024;

/**
 * Reads a passphrase, one line, from a file that nobody but its owner can read.
 * @throws {Refusal} if the file cannot be read, is open to others, or has not one line
 */
export function readPassphraseFile(path: string): string {
  const { text, exposure } = readRegularFile(path, MAX_SIZE);
  if (exposure.length > 0) throw new Refusal('profile', ...exposure);
  const line = text.replace(/\r?\n$/, '');
  if (line === '' || /[\r\n]/.test(line)) {
    throw new Refusal('profile', { sentence: `${path}: expected one line, the passphrase` });
  }
  return line;
}
