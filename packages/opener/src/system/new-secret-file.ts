import { closeSync, fchmodSync, fsyncSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../core/quote.js';
import { Refusal } from '../core/refusal.js';
import { isSystemError, reasonOf } from './reason.js';

const OWNER_ONLY = 0o600;

/**
 * Writes a secret into a new file that only its owner can read.
 * @param hintIfThere what to do if there is something of that name already
 * @throws {Refusal} if there is something of that name already, or the system refuses; then nothing is left behind
 */
export function writeNewSecretFile(path: string, text: string, hintIfThere?: string): void {
  try {
    const descriptor = openSync(path, 'wx', OWNER_ONLY);
    try {
      // The umask can have taken the owner's own permissions away.
      fchmodSync(descriptor, OWNER_ONLY);
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } catch (error) {
      // Half a seed would look like a file that is not to be overwritten.
      unlinkSync(path);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Refusal('profile', {
      sentence: `${path}: ${reasonOf(error)}`,
      hint: (error.code === 'EEXIST' ? hintIfThere : undefined) ?? hintFor(error.code, path),
    });
  }
}

function hintFor(code: string, path: string): string | undefined {
  switch (code) {
    case 'EEXIST':
      return 'secrets are never overwritten; choose another name';
    case 'ENOENT':
      return `mkdir -p -m 700 ${shellWord(dirname(path))}`;
    default:
      return undefined;
  }
}
