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
  scheme: 'is not a bundle',
  encoding: 'is a bundle that was damaged: it has characters that do not belong there, or lacks some',
  form: 'is a bundle of a form that this opener does not know',
  length: 'is a bundle that was damaged: it has not the right length',
  check: 'is a bundle that was damaged',
  profile: 'is a bundle that was damaged: its profile is not text',
  passphrase: 'does not open: the passphrase is wrong, or the bundle was damaged',
};

/**
 * Tells what a text is.
 * @param origin where it is from, for the refusal
 * @throws {Refusal} if it is a bundle's URI that cannot be read
 */
export function readGivenBundle(text: string, origin: string): GivenBundle {
  if (!isBundle(text)) return { kind: 'profile', text };
  const read = readBundle(text);
  if (typeof read === 'string') throw faulty(read, origin);
  return 'salt' in read ? { kind: 'sealed', sealed: read } : { kind: 'plain', bundle: read };
}

/** A bundle that cannot be used, in words. */
export function faulty(fault: BundleFault, origin: string): Refusal {
  const hint =
    fault === 'form'
      ? 'use a newer opener'
      : fault === 'passphrase'
        ? undefined
        : `copy all of it, or ${ASK}`;
  return new Refusal('profile', { sentence: `${origin}: ${FAULTS[fault]}`, hint });
}
