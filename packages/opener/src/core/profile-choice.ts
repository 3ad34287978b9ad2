import { join, posix, win32 } from 'node:path';
import { quoted, shellWord } from './quote.js';
import { Refusal } from './refusal.js';

/** How the command line says which profile it means. */
export type ProfileChoice =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'name'; readonly name: string }
  | {
      readonly kind: 'host';
      readonly host: string;
      /** How to name one of several profiles that have the host. */
      readonly wayOut: string;
    };

/** How a name is given, unless a command has ways of its own. */
const BY_NAME = 'name one with opener PROFILE or --profile FILE';

/**
 * Chooses by the explicit file, else by the name, else by the destination.
 * @throws {Refusal} if there is none of them, or the name is a path
 */
export function chooseProfile(
  file: string | undefined,
  name: string | undefined,
  host: string | undefined,
  wayOut = BY_NAME,
): ProfileChoice {
  if (file !== undefined) return { kind: 'file', file };
  if (name !== undefined) return { kind: 'name', name: checkName(name) };
  if (host !== undefined) return { kind: 'host', host, wayOut };
  throw new Refusal('usage', {
    sentence: 'no profile and no destination is given',
    hint: 'opener --help',
  });
}

/** What the system says of where this user's files are. */
export interface Surroundings {
  /** As `process.platform` has it. */
  readonly platform: string;
  /** $XDG_CONFIG_HOME; the XDG Base Directory Specification says to ignore a relative one. */
  readonly configHome: string | undefined;
  /** %APPDATA% of Windows. */
  readonly appData: string | undefined;
  /** The user's home folder, if there is one. */
  readonly home: string | undefined;
}

/**
 * The folder that profiles are in: where $XDG_CONFIG_HOME says, else in the platform's own place.
 * @returns nothing if nothing names an absolute path
 */
export function profileFolder({ platform, configHome, appData, home }: Surroundings): string | undefined {
  const path = platform === 'win32' ? win32 : posix;
  if (configHome !== undefined && path.isAbsolute(configHome)) return path.join(configHome, 'opener');
  if (platform === 'win32' && appData !== undefined && path.isAbsolute(appData))
    return path.join(appData, 'opener');
  if (home === undefined || !path.isAbsolute(home)) return undefined;
  switch (platform) {
    case 'win32':
      return path.join(home, 'AppData', 'Roaming', 'opener');
    case 'darwin':
      return path.join(home, 'Library', 'Application Support', 'opener');
    default:
      return path.join(home, '.config', 'opener');
  }
}

/** The file of the profile with this name, or for the host with this name. */
export function profileFile(folder: string, name: string): string {
  return join(folder, `${name}.toml`);
}

/** @throws {Refusal} if a text is no name of a profile, but empty or a path */
export function checkName(name: string): string {
  if (/^bouncer:/i.test(name)) {
    throw new Refusal('usage', {
      sentence: 'profile expected a name, got a bundle, which every user of this machine could see',
      hint: 'opener import - asks for it',
    });
  }
  if (/[/\\]/.test(name) || name.endsWith('.toml')) {
    throw new Refusal('usage', {
      sentence: `profile expected a name, got the path ${quoted(name)}`,
      hint: `opener --profile ${shellWord(name)}`,
    });
  }
  if (name === '') throw new Refusal('usage', { sentence: 'profile expected a name, got none' });
  return name;
}
