import { basename } from 'node:path';
import { showDoor } from '../core/door.js';
import { Refusal } from '../core/refusal.js';
import { listProfiles, readProfile } from '../system/profile-file.js';
import { ownProfileFolder } from '../system/profile-folder.js';
import { writeStandardOutput } from '../system/standard-output.js';
import { say } from './say.js';

interface ListedAction {
  readonly code: number;
  readonly opens: readonly string[];
}

/** A profile as it is listed, without its secrets. */
type Listed =
  | {
      readonly name: string;
      readonly host: string;
      readonly port: number | undefined;
      readonly default_action: string | undefined;
      readonly actions: Readonly<Record<string, ListedAction>>;
    }
  | { readonly name: string; readonly unreadable: readonly string[] };

/**
 * Prints this user's profiles, one a line or as JSON; of those that cannot be read, the reason.
 * @throws {Refusal} if the folder cannot be read
 */
export async function list(json: boolean): Promise<void> {
  const folder = ownProfileFolder();
  const profiles = listProfiles(folder).map(readListed);
  if (json) await writeStandardOutput(`${JSON.stringify(profiles, undefined, 2)}\n`);
  else if (profiles.length > 0) await writeStandardOutput(asLines(profiles));
  else say(`no profiles in ${folder}`, 'hint: opener import - makes one of a bundle');
}

function readListed(file: string): Listed {
  const name = basename(file, '.toml');
  try {
    const { host, port, defaultAction, actions } = readProfile(file);
    const listed = [...actions].map(
      ([action, { code, opens }]) => [action, { code, opens: opens.map(showDoor) }] as const,
    );
    return {
      name,
      host,
      port,
      default_action: defaultAction,
      actions: Object.fromEntries<ListedAction>(listed),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { name, unreadable: error.problems.map(({ sentence }) => sentence) };
  }
}

/** Columns of name, host and actions. */
function asLines(profiles: readonly Listed[]): string {
  const rows = profiles.map((profile) =>
    'unreadable' in profile
      ? [profile.name, `unreadable: ${profile.unreadable.join('; ')}`]
      : [profile.name, profile.host, actionWords(profile)],
  );
  const widths = [0, 1].map((column) =>
    Math.max(...rows.map((row) => (row.length > column + 1 ? (row[column] ?? '').length : 0))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  // Names of files can hold anything; a terminal shall not obey them.
  return rows.map((row) => `${line(row).replaceAll(/\p{Cc}/gu, '?')}\n`).join('');
}

/** The names of the actions with what they open; the default one has a star. */
function actionWords(profile: Extract<Listed, { readonly host: string }>): string {
  const words = Object.entries(profile.actions).map(([name, { opens }]) => {
    const star = name === profile.default_action ? '*' : '';
    return `${name}${star}${opens.length === 0 ? '' : ` (${opens.join(' ')})`}`;
  });
  return words.join(', ');
}
