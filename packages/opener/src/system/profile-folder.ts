import { homedir } from 'node:os';
import { profileFolder } from '../core/profile-choice.js';
import { Refusal } from '../core/refusal.js';
import { isSystemError } from './reason.js';

/**
 * The folder of this user's profiles.
 * @throws {Refusal} if the user has no home
 */
export function ownProfileFolder(): string {
  const folder = profileFolder({
    platform: process.platform,
    configHome: process.env['XDG_CONFIG_HOME'],
    appData: process.env['APPDATA'],
    home: home(),
  });
  if (folder === undefined) {
    throw new Refusal('profile', {
      sentence: 'the user has no home folder',
      hint: 'use --profile FILE, or set HOME or XDG_CONFIG_HOME',
    });
  }
  return folder;
}

/** Nothing if $HOME is not set and the system does not know the user. */
function home(): string | undefined {
  try {
    return homedir();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}
