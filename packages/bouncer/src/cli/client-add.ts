import { randomBytes } from 'node:crypto';
import { parseSeed } from '@bouncer-spa/protocol';
import { clientText, type NewClient } from '../core/client-text.js';
import { isName, NAME_REASON } from '../core/config-table.js';
import { parseNetwork } from '../core/network.js';
import { BINDS, type Bind } from '../core/policy.js';
import { createFile } from '../system/durable-file.js';
import { clientFile } from '../system/enrolment.js';
import { BUNDLE_OPTIONS, BundleOutput, type BundleOptions } from './bundle-output.js';
import {
  changeClients,
  CHANGE_OPTIONS,
  expectName,
  profileFor,
  type ChangeOptions,
} from './client-change.js';
import { defineCommand } from './command.js';
import { Failure, reporting, withFile } from './failure.js';
import { UsageError } from './usage-error.js';

/** Size in bytes of a seed (PROTOCOL.md section 2). */
const SEED_SIZE = 32;

export const command = defineCommand({
  usage: 'bouncer client add NAME --action ACTION [OPTIONS]',
  about: `Makes a client with a seed of its own, and prints once what it needs: its
bundle, for "opener import". Whoever has the bundle is that client.`,
  options: {
    ...CHANGE_OPTIONS,
    action: { type: 'string', multiple: true, value: 'ACTION', text: 'what it may do; once for each' },
    'not-after': { type: 'string', value: 'DATE', text: 'its last day, such as 2027-06-30' },
    from: { type: 'string', multiple: true, value: 'NETWORK', text: 'where it may send from; once for each' },
    bind: {
      type: 'string',
      value: 'HOW',
      text: 'whose address is let in: source, strict or any',
    },
    ...BUNDLE_OPTIONS,
  },
  examples: [
    'bouncer client add alice --action ssh --qr --passphrase',
    'bouncer client add bob --action ssh --not-after 2027-06-30 --out bob.toml',
    'bouncer client add carol --action ssh | ssh carol@laptop opener import -',
  ],
  async run(values, words) {
    const client: NewClient = {
      name: expectName(words),
      seed: randomBytes(SEED_SIZE).toString('hex'),
      actions: [...new Set(values.action ?? [])],
      from: values.from ?? [],
      notAfter: values['not-after'],
      bind: values.bind === undefined ? undefined : bindOf(values.bind),
    };
    checkClient(client);
    return reporting(() => add(client, values));
  },
});

function bindOf(text: string): Bind {
  const bind = BINDS.find((known) => known === text);
  if (bind === undefined) throw new UsageError(`--bind expected ${BINDS.join(', ')}, got "${text}"`);
  return bind;
}

/** @throws {UsageError} if the client cannot be written as the command line says */
function checkClient({ name, actions, from, notAfter }: NewClient): void {
  if (!isName(name)) throw new UsageError(`"${name}" is no name of a client: ${NAME_REASON}`);
  if (actions.length === 0) throw new UsageError('--action is missing: a client may do what it is given');
  for (const text of from) {
    const network = parseNetwork(text);
    if (typeof network === 'string') throw new UsageError(`--from ${network}`);
  }
  if (notAfter === undefined) return;
  if (!isDate(notAfter)) {
    throw new UsageError('--not-after expected a date such as 2027-06-30 or 2027-06-30T12:00:00Z');
  }
  // A day is not over before its end.
  const end = notAfter.includes('T') ? notAfter : `${notAfter}T23:59:59Z`;
  if (Date.parse(end) < Date.now()) throw new UsageError(`--not-after ${notAfter} is over already`);
}

function isDate(text: string): boolean {
  const [, day] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  // The last of February can be written as the 30th, and is then another day.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

async function add(client: NewClient, options: BundleOptions & ChangeOptions): Promise<void> {
  const { name, actions } = client;
  const output = await BundleOutput.prepare(options);
  await changeClients(options, async (folder, enrolment) => {
    const taken = enrolment.clients.find((other) => other.name === name);
    if (taken !== undefined) throw new Failure(`there is a client "${name}" already, in ${taken.file}`);
    for (const action of actions) {
      if (Object.hasOwn(enrolment.tables.actions, action)) continue;
      const known = Object.keys(enrolment.tables.actions).join(', ');
      throw new Failure(`there is no action "${action}"; the config has ${known}`);
    }
    const file = clientFile(folder, name);
    const bundle = {
      gateKey: enrolment.gateKey,
      seed: parseSeed(client.seed),
      profile: profileFor(enrolment, actions, client.bind),
    };
    await output.handOver(bundle, () => withFile(file, () => createFile(file, clientText(client))));
  });
}
