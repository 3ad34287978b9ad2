import { bundleProfile, isBundle, openBundle, type SealedBundle } from '@bouncer-spa/protocol/bundle';
import { faulty, readGivenBundle } from '../core/bundle-text.js';
import { checkProfile, type Profile } from '../core/profile.js';
import { checkName, profileFile } from '../core/profile-choice.js';
import { summarize } from '../core/profile-summary.js';
import { shellWord } from '../core/quote.js';
import { Refusal, type Problem } from '../core/refusal.js';
import { askHidden } from '../system/hidden-prompt.js';
import { installProfile } from '../system/new-profile.js';
import { parseProfile, PROFILE_MAX_SIZE } from '../system/profile-file.js';
import { ownProfileFolder } from '../system/profile-folder.js';
import { readRegularFile } from '../system/regular-file.js';
import { readPassphraseFile } from '../system/passphrase-file.js';
import { readStandardInput } from '../system/standard-input.js';
import { writeStandardOutput } from '../system/standard-output.js';
import type { ImportCommand } from './options.js';
import { say } from './say.js';

const TRIES = 3;

/** A text to import, and where it is from. */
interface Given {
  readonly text: string;
  /** For refusals. */
  readonly origin: string;
  /** What makes its file unfit for a secret. */
  readonly exposure: readonly Problem[];
}

/**
 * Writes the profile that a bundle holds into the user's folder of profiles.
 * @throws {Refusal} if the bundle cannot be used, or there is such a profile already
 */
export async function importBundle({ source, name, force, passphraseFile }: ImportCommand): Promise<void> {
  const given = await read(source);
  const text = await open(given, passphraseFile);
  const profile = checkProfile(parseProfile(text, given.origin), given.origin, []);
  if (profile.gateKey.kind === 'file' || profile.seed?.kind !== 'inline') {
    throw new Refusal('profile', {
      sentence: `${given.origin}: is a profile whose secrets are in other files, and not a bundle`,
    });
  }
  const chosen = checkName(name ?? nameOf(profile));
  const file = profileFile(ownProfileFolder(), chosen);
  installProfile(file, text, force);
  const [action = 'ACTION'] = profile.actions.keys();
  const lines = [
    `profile  ${file}`,
    ...summarize(profile),
    `try      opener ${shellWord(chosen)} ${shellWord(action)}`,
  ];
  await writeStandardOutput(`${lines.join('\n')}\n`);
}

async function read(source: string): Promise<Given> {
  if (source === '-') {
    const origin = 'standard input';
    if (!process.stdin.isTTY)
      return { text: await readStandardInput(PROFILE_MAX_SIZE), origin, exposure: [] };
    const text = await askHidden('the bundle (it is not shown): ', true);
    if (text === undefined || text === '') throw new Refusal('profile', { sentence: 'no bundle was given' });
    return { text, origin, exposure: [] };
  }
  if (isBundle(source)) return { text: checkArgument(source), origin: 'the command line', exposure: [] };
  return { origin: source, ...readRegularFile(source, PROFILE_MAX_SIZE) };
}

/** @throws {Refusal} if a bundle that anybody can use stands in the command line */
function checkArgument(uri: string): string {
  if (readGivenBundle(uri, 'the command line').kind === 'sealed') return uri;
  throw new Refusal('usage', {
    sentence: 'a bundle without a passphrase in the command line was shown to every user of this machine',
    hint: 'ask the administrator for another (bouncer client rotate), and give it to opener import -',
  });
}

/** @returns the profile, with its secrets */
async function open({ text, origin, exposure }: Given, passphraseFile: string | undefined): Promise<string> {
  const given = readGivenBundle(text, origin);
  if (given.kind === 'sealed') return openSealed(given.sealed, origin, passphraseFile);
  if (exposure.length > 0) throw new Refusal('profile', ...exposure);
  return given.kind === 'plain' ? bundleProfile(given.bundle) : given.text;
}

async function openSealed(
  sealed: SealedBundle,
  origin: string,
  passphraseFile: string | undefined,
): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const passphrase =
      passphraseFile === undefined
        ? await askHidden('passphrase of the bundle: ')
        : readPassphraseFile(passphraseFile);
    if (passphrase === undefined || passphrase === '') {
      throw new Refusal('profile', {
        sentence: `${origin}: no passphrase was given`,
        hint: 'without a terminal, use --passphrase-file FILE',
      });
    }
    const bundle = openBundle(sealed, passphrase);
    if (typeof bundle !== 'string') return bundleProfile(bundle);
    const refusal = faulty(bundle, origin);
    if (bundle !== 'passphrase' || passphraseFile !== undefined || tries === TRIES) throw refusal;
    say(...refusal.problems.map(({ sentence }) => sentence));
  }
}

/** The first part of the host's name, or all of an address. */
function nameOf({ host }: Profile): string {
  return /^[\d.]+$|:/.test(host) ? host : host.replace(/\..*$/s, '');
}
