import { mkdir, stat } from 'node:fs/promises';
import { distrustFolders } from './trusted-file.js';

/**
 * Makes a folder of the daemon's own if it is missing.
 * @throws {Error} if others could change what is in it
 */
export async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const refusal = await distrustFolders(folder);
  const { uid, mode } = await stat(folder);
  const own = uid === 0 || uid === process.geteuid?.();
  if (!own || (mode & 0o022) !== 0) throw new Error(`others can change ${folder}: chown root, chmod 700`);
  if (refusal !== undefined) throw new Error(`${folder} ${refusal}`);
}
