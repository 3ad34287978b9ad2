import { gateKey, ProtocolError, seed } from '@bouncer-spa/protocol';
import { bundleProfile, readBundle, writeBundle } from '@bouncer-spa/protocol/bundle';
import { checkProfile } from '@bouncer-spa/opener/dist/core/profile.js';
import { Refusal } from '@bouncer-spa/opener/dist/core/refusal.js';
import { parse, TomlError } from 'smol-toml';

const KEY = gateKey(new Uint8Array(32).fill(4));
const SEED = seed(new Uint8Array(32).fill(5));

export const tokens: readonly string[] = [
  'bouncer:',
  'host = "gw1.example.net"\n',
  'port = 51324\n',
  'server_id = "gw1.example.net"\n',
  'default_action = "ssh"\n',
  'for = "30s"\n',
  'wait = false\n',
  '[actions]\n',
  'ssh = 21\n',
  '[actions.ssh]\n',
  'code = 21\n',
  'opens = ["tcp/22"]\n',
];

/** A bundle from anybody, or one with any profile: the first byte says which. */
export function fuzz(input: Buffer): void {
  const [kind = 0] = input;
  const text = input.toString('utf8', 1);
  const read = readBundle(kind % 2 === 0 ? text : written(text));
  if (typeof read === 'string' || !('profile' in read)) return;
  try {
    checkProfile(parse(bundleProfile(read)), 'home.toml', []);
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof TomlError)) throw error;
  }
}

function written(profile: string): string {
  try {
    return writeBundle({ gateKey: KEY, seed: SEED, profile });
  } catch (error) {
    if (error instanceof ProtocolError) return '';
    throw error;
  }
}
