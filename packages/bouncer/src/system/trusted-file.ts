import { isAscii } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reasonOf } from './reason.js';
import { giveWay, isSliceOver } from './slices.js';

/** Who may do what with a file that the daemon relies on. */
export type Trust =
  /** Only its owner may read or write it. */
  | 'secret'
  /** Anybody may read it, only its owner may write it. */
  | 'public';

/** Why a file cannot be used; a sentence without the file's name. */
export interface FileRefusal {
  readonly refusal: string;
  /** Whether there is no such file. */
  readonly isMissing?: boolean;
}

/** Permission bits that must not be set. */
const FORBIDDEN = { secret: 0o077, public: 0o022 } as const;

const STICKY = 0o1000;

/** Milliseconds for which folders that were found good are not looked at again. */
const GOOD_MILLISECONDS = 4;

/** Folders that were found good since that moment: milliseconds, monotonic. */
const goodFolders = new Set<string>();
let goodSince = -Infinity;

/**
 * Reads a text file whose owner and mode are as they have to be. They are checked on the open file,
 * so that it cannot be exchanged in between.
 *
 * The file is read at once, not by the thread pool: of 100,000 clients' files each takes 25
 * microseconds instead of 650.
 * @param mostBytes a larger file is refused
 */
export async function readTrustedFile(
  path: string,
  trust: Trust,
  mostBytes: number,
): Promise<string | FileRefusal> {
  if (isSliceOver()) await giveWay();
  let file;
  try {
    // Without O_NONBLOCK a named pipe in the file's place would keep us waiting.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { refusal: fileReason(error), isMissing: codeOf(error) === 'ENOENT' };
  }
  try {
    const stats = fstatSync(file);
    const refusal = distrust(stats, trust, path) ?? (await distrustFoldersOnce(path));
    if (refusal !== undefined) return { refusal };
    if (stats.size > mostBytes) return { refusal: `is larger than ${mostBytes} bytes` };
    const bytes = readFileSync(file);
    // Of a large file, `utf8` takes ten times as long.
    return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  } catch (error) {
    return { refusal: fileReason(error) };
  } finally {
    closeSync(file);
  }
}

/** As {@link distrustFolders}, but looks at the folders of many files once for those that are read together. */
async function distrustFoldersOnce(path: string): Promise<string | undefined> {
  const folder = dirname(realpathSync.native(path));
  const now = performance.now();
  if (now - goodSince >= GOOD_MILLISECONDS) {
    goodFolders.clear();
    goodSince = now;
  }
  if (goodFolders.has(folder)) return undefined;
  const refusal = await distrustFolders(path);
  if (refusal === undefined) goodFolders.add(folder);
  return refusal;
}

/** Checks that root can run a program that nobody else can exchange; `undefined` if all is well. */
export async function distrustProgram(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    if (stats.isFile() && (stats.mode & 0o111) === 0) return 'is not executable';
    return distrust(stats, 'public', path) ?? (await distrustFolders(path));
  } catch (error) {
    return fileReason(error);
  }
}

/**
 * Checks that nobody else can put another file in the place of this one: every folder above it
 * belongs to root or us, and others may not write in it, unless its sticky bit keeps them from
 * renaming what is not theirs.
 */
export async function distrustFolders(path: string): Promise<string | undefined> {
  for (let folder = dirname(await realpath(path)); ; folder = dirname(folder)) {
    const { uid, mode } = await stat(folder);
    if (!isTrustedOwner(uid)) return `is below ${folder}, which belongs to user ${uid}: chown root ${folder}`;
    if ((mode & FORBIDDEN.public) !== 0 && (mode & STICKY) === 0) {
      return `is below ${folder}, which others can write to: chmod go-w ${folder}`;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function isTrustedOwner(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

function distrust(stats: Stats, trust: Trust, path: string): string | undefined {
  if (!stats.isFile()) return 'is not a regular file';
  if (!isTrustedOwner(stats.uid)) {
    return `belongs to user ${stats.uid}; only root may own it: chown root ${path}`;
  }
  if ((stats.mode & FORBIDDEN[trust]) === 0) return undefined;
  const mode = `0${(stats.mode & 0o777).toString(8)}`;
  return trust === 'secret'
    ? `has mode ${mode}, so others can read it: chmod 600 ${path}`
    : `has mode ${mode}, so others can change it: chmod go-w ${path}`;
}

/** What an error of the file system says about a file, to stand after its name. */
export function fileReason(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES') return 'may not be read';
  if (code === 'EISDIR') return 'is a folder';
  return reasonOf(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
