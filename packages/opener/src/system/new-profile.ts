import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refusal } from '../core/refusal.js';
import { writeNewSecretFile } from './new-secret-file.js';
import { isSystemError, reasonOf } from './reason.js';

const FOLDER_MODE = 0o700;

/**
 * Writes a profile that holds secrets into the folder of profiles, which is made if it is missing.
 * @param replace whether one of that name may be there already; it stays if the new one cannot be written
 * @throws {Refusal} if there is one and it must not be replaced, or the system refuses
 */
export function installProfile(file: string, text: string, replace: boolean): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE });
    if (!replace) {
      writeNewSecretFile(file, text, 'choose another name with --name, or use --force to replace it');
      return;
    }
    const written = `${file}.${process.pid}.new`;
    writeNewSecretFile(written, text);
    try {
      renameSync(written, file);
    } catch (error) {
      rmSync(written);
      throw error;
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Refusal('profile', { sentence: `${file}: ${reasonOf(error)}` });
  }
}
