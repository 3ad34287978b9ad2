import {
  deriveClientKeys,
  deriveGateSubkey,
  parseGateKey,
  parseSeed,
  type GateKey,
  type Sealer,
  type Seed,
} from '@bouncer-spa/protocol';
import type { Profile, SecretSource } from '../core/profile.js';
import { shellWord } from '../core/quote.js';
import { Refusal, type Problem } from '../core/refusal.js';
import { parseSecretText, SECRET_TEXT_MAX_SIZE } from '../core/secret-text.js';
import { readSecretFile } from './secret-file.js';
import { readStandardInput } from './standard-input.js';

/** Where the seed comes from: as the profile may say it, or from standard input, which only `-k -` can ask for. */
type SeedSource = SecretSource<Seed> | { readonly kind: 'standard input' };

/**
 * Reads the secrets that a packet is sealed with.
 * @param keyFile the seed's file, before that of the profile; "-" is standard input
 * @throws {Refusal} that lists what is wrong with either secret
 */
export async function loadSealer(profile: Profile, keyFile: string | undefined): Promise<Sealer> {
  const source = keyFile === undefined ? profile.seed : keySource(keyFile);
  if (source === undefined) {
    throw new Refusal('usage', {
      sentence: 'no seed is given',
      hint: `add -k SEEDFILE, or write seed_file = "SEEDFILE" in ${profile.file}`,
    });
  }
  const problems: Problem[] = [];
  const gateKey = await collect(problems, () => readGateKey(profile.gateKey));
  const seed = await collect(problems, () => readSeed(source));
  if (gateKey === undefined || seed === undefined) throw new Refusal('profile', ...problems);
  return {
    serverId: profile.serverId,
    gate: deriveGateSubkey(gateKey, profile.serverId),
    client: deriveClientKeys(seed, profile.serverId),
  };
}

function keySource(keyFile: string): SeedSource {
  return keyFile === '-' ? { kind: 'standard input' } : { kind: 'file', path: keyFile };
}

function readGateKey(source: SecretSource<GateKey>): GateKey {
  if (source.kind === 'inline') return source.secret;
  return readSecretFile(source.path, parseGateKey, "the gate key is the server's; its administrator has it");
}

async function readSeed(source: SeedSource): Promise<Seed> {
  switch (source.kind) {
    case 'inline':
      return source.secret;
    case 'standard input':
      return parseSecretText(await readStandardInput(SECRET_TEXT_MAX_SIZE), 'standard input', parseSeed);
    case 'file':
      return readSecretFile(
        source.path,
        parseSeed,
        `opener keygen ${shellWord(source.path)} writes a seed, which the server must be given`,
      );
  }
}

/** The secret, or nothing and one more problem with a file. */
async function collect<Secret>(
  problems: Problem[],
  read: () => Secret | Promise<Secret>,
): Promise<Secret | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal) || error.kind !== 'profile') throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
