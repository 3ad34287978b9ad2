import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { shellWord } from '../core/quote.js';
import { Refusal, type Problem } from '../core/refusal.js';
import { isSystemError, reasonOf } from './reason.js';

/** A regular file's text, and whether others could have read it. */
export interface RegularFile {
  readonly text: string;
  /** What makes its owner and mode unfit for a secret; empty if nothing does. */
  readonly exposure: readonly Problem[];
}

/** The permission bits of group and others. */
const NOT_THE_OWNERS = 0o077;
const PERMISSIONS = 0o777;

/**
 * Reads a whole regular file.
 * @param largest size in bytes above which the file is refused
 * @param hintIfMissing what to do if there is no such file
 * @throws {Refusal} if the file is missing, unreadable, not regular, empty or too large
 */
export function readRegularFile(path: string, largest: number, hintIfMissing?: string): RegularFile {
  let descriptor: number | undefined;
  try {
    // Opening a pipe that nobody writes to would otherwise wait for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    // Mode and content have to be those of one file, so both are asked of the open file.
    const stats = fstatSync(descriptor);
    if (!stats.isFile())
      throw refusal(path, stats.isDirectory() ? 'is a directory' : 'is not a regular file');
    return { text: readText(descriptor, path, stats.size, largest), exposure: exposureOf(path, stats) };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw refusal(path, reasonOf(error), error.code === 'ENOENT' ? hintIfMissing : undefined);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readText(descriptor: number, path: string, size: number, largest: number): string {
  if (size > largest) throw refusal(path, `expected at most ${largest} bytes, got more`);
  const text = readFileSync(descriptor, 'utf8');
  if (text === '') throw refusal(path, 'is empty');
  return text;
}

function exposureOf(path: string, stats: Stats): Problem[] {
  // Systems without user numbers have no permission bits either.
  const user = process.geteuid?.();
  if (user === undefined) return [];
  const problems: Problem[] = [];
  if ((stats.mode & NOT_THE_OWNERS) !== 0) {
    const mode = (stats.mode & PERMISSIONS).toString(8).padStart(4, '0');
    problems.push({
      sentence: `${path}: holds a secret but is open to others (mode ${mode})`,
      hint: `chmod 600 ${shellWord(path)}`,
    });
  }
  if (stats.uid !== user && stats.uid !== 0) {
    problems.push({
      sentence: `${path}: holds a secret but belongs to user ${stats.uid}, and the command runs as ${user}`,
      hint: `chown ${user} ${shellWord(path)}`,
    });
  }
  return problems;
}

function refusal(path: string, what: string, hint?: string): Refusal {
  return new Refusal('profile', { sentence: `${path}: ${what}`, hint });
}
