import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { checkProfile, type Profile } from '../core/profile.js';
import { profileFile, type ProfileChoice } from '../core/profile-choice.js';
import { quoted, shellWord } from '../core/quote.js';
import { Refusal, type Problem } from '../core/refusal.js';
import type { Table } from '../core/toml-table.js';
import { ownProfileFolder } from './profile-folder.js';
import { isSystemError, reasonOf } from './reason.js';
import { readRegularFile } from './regular-file.js';

/** Size in bytes above which a file is no profile. */
export const PROFILE_MAX_SIZE = 65_536;

const EXAMPLE = join(import.meta.dirname, '../../example.toml');

/**
 * Finds, reads and checks a profile.
 * @throws {Refusal} if there is none, or more than one, or there is anything wrong with it
 */
export function loadProfile(choice: ProfileChoice): Profile {
  return readProfile(locate(choice));
}

/** @throws {Refusal} if there is no such file, or anything wrong with it */
export function readProfile(file: string): Profile {
  const { text, exposure } = readRegularFile(file, PROFILE_MAX_SIZE, hintToWrite(file));
  return checkProfile(parseProfile(text, file), file, exposure);
}

function locate(choice: ProfileChoice): string {
  if (choice.kind === 'file') return choice.file;
  const folder = ownProfileFolder();
  const name = choice.kind === 'name' ? choice.name : choice.host;
  const ofThatName = profileFile(folder, name);
  if (existsSync(ofThatName)) return ofThatName;
  const files = listProfiles(folder);
  const hint = hintToImport(name, files);
  if (choice.kind === 'name') {
    throw new Refusal('profile', {
      sentence: `no profile is called ${quoted(name)}: there is no ${ofThatName}`,
      hint,
    });
  }

  const { host, wayOut } = choice;
  const { found, unread } = searchFor(host, files);
  const [only, ...others] = found;
  if (only === undefined) {
    const sentence = `no profile for ${quoted(host)}: there is no ${ofThatName}, and no profile in ${folder} has it as host`;
    throw new Refusal('profile', { sentence, hint }, ...unread);
  }
  if (others.length > 0) {
    const sentence = `more than one profile has the host ${quoted(host)}: ${found.join(', ')}`;
    throw new Refusal('profile', { sentence, hint: wayOut });
  }
  return only;
}

/** The files of the profiles in a folder, in the order of their names. None if there is no such folder. */
export function listProfiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.toml'));
    return names.sort().map((name) => profileFile(folder, name.slice(0, -'.toml'.length)));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT') return [];
    throw new Refusal('profile', { sentence: `${folder}: ${reasonOf(error)}` });
  }
}

/** Which profiles have the host, and what keeps the others from being read. Names of hosts ignore case. */
function searchFor(host: string, files: readonly string[]): { found: string[]; unread: Problem[] } {
  const found: string[] = [];
  const unread: Problem[] = [];
  for (const file of files) {
    try {
      const table = parseProfile(readRegularFile(file, PROFILE_MAX_SIZE).text, file);
      const candidate = table['host'];
      if (typeof candidate === 'string' && candidate.toLowerCase() === host.toLowerCase()) found.push(file);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unread.push(...error.problems);
    }
  }
  return { found, unread };
}

/**
 * Parses the text of a profile.
 * @param file for the refusal
 * @throws {Refusal} if it is not TOML
 */
export function parseProfile(text: string, file: string): Table {
  try {
    return parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The message goes on with the lines of the file, which may hold a secret.
    const [firstLine = ''] = error.message.split('\n', 1);
    const reason = firstLine.replace('Invalid TOML document: ', '');
    throw new Refusal('profile', { sentence: `${file} line ${error.line}: ${reason}` });
  }
}

/** What to do about a profile that is missing: take another, or get it. */
function hintToImport(name: string, files: readonly string[]): string {
  const names = files.map((file) => shellWord(basename(file, '.toml'))).join(', ');
  return `${names === '' ? '' : `there is ${names}; `}opener import - --name ${shellWord(name)} makes one of a bundle`;
}

function hintToWrite(file: string): string {
  return `mkdir -p ${shellWord(dirname(file))} && cp ${shellWord(EXAMPLE)} ${shellWord(file)}`;
}
