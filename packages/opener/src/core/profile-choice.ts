import { isAbsolute, join } from 'node:path';
import { quoted, shellWord } from './quote.js';
import { Refusal } from './refusal.js';

/** How the command line says which profile it means. */
export type ProfileChoice =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'host'; readonly host: string };

/**
 * Chooses by the explicit file, else by the name, else by the destination.
 * @throws {Refusal} if there is none of them, or the name is a path
 */
export function chooseProfile(
  file: string | undefined,
  name: string | undefined,
  host: string | undefined,
): ProfileChoice {
  if (file !== undefined) return { kind: 'file', file };
  if (name !== undefined) return { kind: 'name', name: checkName(name) };
  if (host !== undefined) return { kind: 'host', host };
  throw new Refusal('usage', {
    sentence: 'no profile and no destination is given',
    hint: 'opener --help',
  });
}

/**
 * The folder that profiles are in (XDG Base Directory Specification).
 * @param configHome $XDG_CONFIG_HOME; the specification says to ignore a relative one
 * @param home the user's home folder, if there is one
 * @returns nothing if neither is an absolute path
 */
export function profileFolder(configHome: string | undefined, home: string | undefined): string | undefined {
  if (configHome !== undefined && isAbsolute(configHome)) return join(configHome, 'opener');
  if (home !== undefined && isAbsolute(home)) return join(home, '.config', 'opener');
  return undefined;
}

/** The file of the profile with this name, or for the host with this name. */
export function profileFile(folder: string, name: string): string {
  return join(folder, `${name}.toml`);
}

function checkName(name: string): string {
  if (name.includes('/') || name.endsWith('.toml')) {
    throw new Refusal('usage', {
      sentence: `profile expected a name, got the path ${quoted(name)}`,
      hint: `opener --profile ${shellWord(name)}`,
    });
  }
  if (name === '') throw new Refusal('usage', { sentence: 'profile expected a name, got none' });
  return name;
}
