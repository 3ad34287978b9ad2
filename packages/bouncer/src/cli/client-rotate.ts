import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { parseSeed, type Seed } from '@bouncer-spa/protocol';
import { withSeed, type PreviousSeed } from '../core/client-text.js';
import { parseClients, type ClientTable } from '../core/client-schema.js';
import { parseDuration } from '../core/duration.js';
import { parsedToml } from '../core/parsed-toml.js';
import { replaceFile } from '../system/durable-file.js';
import type { WrittenClient } from '../system/enrolment.js';
import { readTrustedFile } from '../system/trusted-file.js';
import { BUNDLE_OPTIONS, BundleOutput, type BundleOptions } from './bundle-output.js';
import {
  CHANGE_OPTIONS,
  changeClients,
  expectName,
  findOwnClient,
  profileFor,
  type ChangeOptions,
} from './client-change.js';
import { defineCommand } from './command.js';
import { Failure, reporting, withFile } from './failure.js';
import { UsageError } from './usage-error.js';

/** Size in bytes of a seed (PROTOCOL.md section 2). */
const SEED_SIZE = 32;

const MOST_BYTES = 1024 * 1024;

export const command = defineCommand({
  usage: 'bouncer client rotate NAME [OPTIONS]',
  about: `Gives a client a new seed, and prints its bundle once. The seed that it had is
good for a while more, so that the client can change over when it suits; one
before that ends now. If the seed is in wrong hands, use --overlap 0.`,
  options: {
    ...CHANGE_OPTIONS,
    overlap: {
      type: 'string',
      default: '7d',
      value: 'DURATION',
      text: 'how long the old seed is good for (default: 7d)',
    },
    ...BUNDLE_OPTIONS,
  },
  examples: ['bouncer client rotate alice --qr', 'bouncer client rotate bob --overlap 0 --out bob.toml'],
  async run(values, words) {
    const name = expectName(words);
    const overlap = values.overlap === '0' ? 0 : parseDuration(values.overlap);
    if (overlap === undefined) {
      throw new UsageError('--overlap expected a duration such as "12h" or "7d", or 0');
    }
    return reporting(() => rotate(name, overlap, values));
  },
});

async function rotate(name: string, overlap: number, options: BundleOptions & ChangeOptions): Promise<void> {
  const output = await BundleOutput.prepare(options);
  await changeClients(options, async (folder, enrolment) => {
    const client = findOwnClient(name, folder, enrolment);
    const seed = parseSeed(randomBytes(SEED_SIZE).toString('hex'));
    const text = await rewrite(client, seed, new Date(Date.now() + overlap * 1_000), overlap > 0);
    const bundle = {
      gateKey: enrolment.gateKey,
      seed,
      profile: profileFor(enrolment, client.table.actions, client.table.bind),
    };
    await output.handOver(bundle, () => withFile(client.file, () => replaceFile(client.file, text)));
  });
}

/** The client's file with the new seed. */
async function rewrite(
  { name, file, table }: WrittenClient,
  seed: Seed,
  until: Date,
  keepsOld: boolean,
): Promise<string> {
  const text = await readTrustedFile(file, 'secret', MOST_BYTES);
  if (typeof text !== 'string') throw new Failure(`${file} ${text.refusal}`);
  const previous: PreviousSeed | undefined =
    keepsOld && table.seed !== undefined ? { seed: hex(table.seed), until } : undefined;
  const changed = withSeed(text, hex(seed), previous);
  if (changed === undefined || !isAsMeant(changed, name, table, seed, previous)) {
    throw new Failure(`${file} has its seed where it cannot be exchanged: write seed = "..." on one line`);
  }
  return changed;
}

/** Whether a changed file says what it is to say, and nothing else has changed. */
function isAsMeant(
  text: string,
  name: string,
  old: ClientTable,
  seed: Seed,
  previous?: PreviousSeed,
): boolean {
  // A line that looked like another may have been changed: then it is none.
  const { clients, problems } = parseClients(parsedToml(text));
  const { previous_seed: kept, previous_until: until, ...table } = clients.get(name) ?? {};
  const meant: Partial<ClientTable> = { ...old, seed };
  delete meant.previous_seed;
  delete meant.previous_until;
  return (
    problems.length === 0 &&
    isDeepStrictEqual(table, meant) &&
    (kept && hex(kept)) === previous?.seed &&
    (until === undefined) === (previous === undefined)
  );
}

function hex(secret: Uint8Array): string {
  return Buffer.from(secret).toString('hex');
}
