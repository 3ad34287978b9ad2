import {
  isBundle,
  readBundle,
  type Bundle,
  type BundleFault,
  type SealedBundle,
} from '@bouncer-spa/protocol/bundle';
import { Refusal } from './refusal.js';

/** What a text that was given as a bundle is (docs/bundle.md). */
export type GivenBundle =
  | { readonly kind: 'plain'; readonly bundle: Bundle }
  | { readonly kind: 'sealed'; readonly sealed: SealedBundle }
  | { readonly kind: 'profile'; readonly text: string };

const ASK = 'ask the administrator for another: bouncer client rotate';

const FAULTS: Readonly<Record<BundleFault, string>> = {
  scheme: 'there is no bundle in it',
  encoding: 'the bundle is damaged: it has characters that do not belong there, or lacks some',
  form: 'the bundle is damaged, or of a form that this opener does not know',
  length: 'the bundle is damaged: it has not the right length',
  check: 'the bundle is damaged: a character of it is another',
  profile: 'the bundle is damaged: its profile is not text',
  passphrase: 'the passphrase is wrong, or the bundle is damaged',
};

const HINTS: Readonly<Partial<Record<BundleFault, string>>> = {
  scheme: 'a bundle begins with "bouncer:", or is a file that bouncer client add --out has written',
  form: 'copy all of it, or use a newer opener',
  passphrase: `it is the one that bouncer client add was given; if it is lost, ${ASK}`,
};

/**
 * Tells what a text is.
 * @param origin where it is from, for the refusal
 * @throws {Refusal} if it is a bundle's URI that cannot be read, or can be neither that nor a profile
 */
export function readGivenBundle(text: string, origin: string): GivenBundle {
  if (!isBundle(text)) {
    // Nothing is said in TOML without it.
    if (!text.includes('=')) throw faulty('scheme', origin);
    return { kind: 'profile', text };
  }
  const read = readBundle(text);
  if (typeof read === 'string') throw faulty(read, origin);
  return 'salt' in read ? { kind: 'sealed', sealed: read } : { kind: 'plain', bundle: read };
}

/** A bundle that cannot be used, in words. */
export function faulty(fault: BundleFault, origin: string): Refusal {
  const hint = HINTS[fault] ?? `copy all of it, or ${ASK}`;
  return new Refusal('profile', { sentence: `${origin}: ${FAULTS[fault]}`, hint });
}
