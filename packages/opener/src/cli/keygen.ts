import { randomBytes } from 'node:crypto';
import { writeNewSecretFile } from '../system/new-secret-file.js';

/** Size in bytes of a seed or gate key (PROTOCOL.md section 2). */
const SECRET_SIZE = 32;

/**
 * Writes a new seed into a new file; a gate key has the same form.
 * @throws {Refusal} if the file exists or cannot be written
 */
export function keygen(file: string): void {
  writeNewSecretFile(file, `${randomBytes(SECRET_SIZE).toString('hex')}\n`);
}
