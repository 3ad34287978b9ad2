import { isDeepStrictEqual } from 'node:util';
import { parseClients, type GoodClients } from '@bouncer-spa/bouncer/dist/core/client-schema.js';
import { checkClient, checkTables } from '@bouncer-spa/bouncer/dist/core/config-check.js';
import { parseTables } from '@bouncer-spa/bouncer/dist/core/config-schema.js';
import { parsedToml } from '@bouncer-spa/bouncer/dist/core/parsed-toml.js';
import { PlainClients } from '@bouncer-spa/bouncer/dist/core/plain-clients.js';
import { readPlainToml } from '@bouncer-spa/bouncer/dist/core/plain-toml.js';

export const tokens: readonly string[] = [
  '[server]\n',
  'id = "gw1.example.net"\n',
  'gate_key_file = "gate.key"\n',
  'state_dir = "/var/lib/bouncer"\n',
  '[capture]\n',
  'interface = "any"\n',
  'destination = ["192.0.2.0/24"]\n',
  'port = 51324\n',
  'delta = 2\n',
  '[guard]\n',
  'ports = ["tcp/22", "udp/1000-2000"]\n',
  '[actions.ssh]\n',
  'code = 21\n',
  'allow = ["tcp/22"]\n',
  'set = ["inet filter myset"]\n',
  'run = ["/bin/true", "{address}"]\n',
  'stop = ["/bin/true"]\n',
  'argument = "[a-z]+"\n',
  'for = "30s"\n',
  'max = "10m"\n',
  '[clients.alice]\n',
  'seed_file = "alice.seed"\n',
  'actions = ["ssh"]\n',
  `seed = "${'0a'.repeat(32)}"\n`,
  'from = ["0.0.0.0/0", "::/0"]\n',
  'not_after = 2027-06-30\n',
  'bind = "strict"\n',
  '[submit]\n',
  'max_age = "30m"\n',
];

/**
 * A config with mistakes of any kind: each has a sentence, and none breaks the reader. What is written plainly is
 * read by the quick readers as by the other.
 */
export function fuzz(input: Buffer): void {
  const text = input.toString('utf8');
  const plain = readPlainToml(text);
  const toml = parsedToml(text);
  // Copies, since the parser's objects have no prototype.
  if (plain !== undefined && !isDeepStrictEqual(structuredClone(plain), structuredClone(toml)))
    throw new Error('read plainly as something else');
  const clients = plainClients(text);
  const all = parseClients(toml);
  if (clients !== undefined && (toml === undefined || all.problems.length > 0))
    throw new Error('clients read plainly that are wrong');
  if (clients !== undefined && !isDeepStrictEqual([...clients], [...all.clients]))
    throw new Error('clients read plainly as others');
  if (toml === undefined) return;
  const { tables, good, problems } = parseTables(toml);
  const ofClients = Array.from(good.clients).flatMap((client) => checkClient(...client, good, true));
  const found = [...problems, ...checkTables(good), ...ofClients];
  if (tables === undefined && problems.length === 0) throw new Error('refused without a reason');
  for (const { key, reason } of found) {
    if (reason === '') throw new Error(`no reason for ${key}`);
  }
}

function plainClients(text: string): GoodClients | undefined {
  const plain = new PlainClients(text);
  while (plain.read(1));
  return plain.clients;
}
