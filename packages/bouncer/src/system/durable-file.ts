import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const OWNER_ONLY = 0o600;
const ENDING = '.new';

/**
 * Writes a new file that only its owner can read; all of it, or none.
 * @throws the system's error; EEXIST if there is something of that name
 */
export async function createFile(path: string, text: string): Promise<void> {
  const written = await writeBeside(path, text);
  try {
    await link(written, path);
  } finally {
    await unlink(written);
  }
  await syncFolder(dirname(path));
}

/**
 * Puts other content into a file; all of it, or the old stays.
 * @throws the system's error
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const written = await writeBeside(path, text);
  try {
    await rename(written, path);
  } catch (error) {
    await unlink(written);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Removes a file for good. @throws the system's error */
export async function removeFile(path: string): Promise<void> {
  await unlink(path);
  await syncFolder(dirname(path));
}

/** Removes what a write that was interrupted left in a folder. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder);
  const left = names.filter((name) => name.startsWith('.') && name.endsWith(ENDING));
  for (const name of left) await unlink(join(folder, name));
}

/** Writes a file of another name, which no reader of the folder looks at. @returns its path */
async function writeBeside(path: string, text: string): Promise<string> {
  const name = `.${basename(path)}.${randomBytes(6).toString('hex')}${ENDING}`;
  const written = join(dirname(path), name);
  const file = await open(written, 'wx', OWNER_ONLY);
  try {
    // The umask can have taken the owner's own permissions away.
    await file.chmod(OWNER_ONLY);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await unlink(written);
    throw error;
  } finally {
    await file.close();
  }
  return written;
}

/** Makes what was created, renamed or removed in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
