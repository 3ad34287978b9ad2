import { basename } from 'node:path';
import { Refusal } from '../core/refusal.js';
import { listProfiles, loadProfile } from '../system/profile-file.js';
import { ownProfileFolder } from '../system/profile-folder.js';
import { writeStandardOutput } from '../system/standard-output.js';

/** Names that mean the same to every shell; bash would expand others (`compgen -W`). */
const PLAIN = /^[\w.-]+$/;

/** Prints the profiles' names, or those of a profile's actions, one a line; nothing if they cannot be read. */
export async function completionWords(profile: string | undefined): Promise<void> {
  const names = namesOf(profile);
  await writeStandardOutput(
    names
      .filter((name) => PLAIN.test(name))
      .map((name) => `${name}\n`)
      .join(''),
  );
}

function namesOf(profile: string | undefined): string[] {
  try {
    if (profile === undefined) return listProfiles(ownProfileFolder()).map((file) => basename(file, '.toml'));
    return [...loadProfile({ kind: 'name', name: profile }).actions.keys()];
  } catch (error) {
    // Half a command line is on the screen; there is no room for a refusal.
    if (error instanceof Refusal) return [];
    throw error;
  }
}
