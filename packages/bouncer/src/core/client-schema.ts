import { parseSeed } from '@bouncer-spa/protocol';
import * as v from 'valibot';
import type { Problem } from './config-problem.js';
import { isTable, namedTables, parseTable, unknownKeys } from './config-table.js';
import { choice, duration, integer, listOf, moment, network, ofProtocol, text } from './config-values.js';
import { BINDS } from './policy.js';

/** What a client has that does not say otherwise. */
export const CLIENT_DEFAULTS = { bind: 'source', grants: 16 } as const;

const client = v.strictObject({
  seed_file: v.optional(text),
  seed: v.optional(ofProtocol(parseSeed)),
  previous_seed: v.optional(ofProtocol(parseSeed)),
  previous_until: v.optional(moment),
  actions: listOf(text),
  from: v.optional(listOf(network)),
  not_after: v.optional(moment),
  bind: v.optional(choice(BINDS), CLIENT_DEFAULTS.bind),
  max: v.optional(duration),
  grants: v.optional(integer(1, 10_000), CLIENT_DEFAULTS.grants),
});

export type ClientTable = v.InferOutput<typeof client>;

/** What one file says about clients, by their names, as far as it is good by itself. */
export type GoodClients = ReadonlyMap<string, Partial<ClientTable>>;

/** Checks the form of a file that has nothing but clients. */
export function parseClients(toml: unknown): {
  readonly clients: GoodClients;
  readonly problems: readonly Problem[];
} {
  const raw = isTable(toml) ? toml : {};
  const problems: Problem[] = [];
  const clients = parseClientSection(raw['clients'], problems);
  problems.push(...unknownKeys(raw, { clients }));
  return { clients, problems };
}

/**
 * Checks the form of the section of clients.
 * @param problems gets what is wrong with it
 */
export function parseClientSection(section: unknown, problems: Problem[]): GoodClients {
  const clients = new Map<string, Partial<ClientTable>>();
  const tables = namedTables('clients', section, problems);
  for (const [name, table] of Object.entries(tables)) {
    clients.set(name, parseClient(`clients.${name}`, table, problems));
  }
  return clients;
}

function parseClient(key: string, table: unknown, problems: Problem[]): Partial<ClientTable> {
  const good = parseTable(key, client, table, problems);
  if (isTable(table)) problems.push(...checkSeedKeys(key, table));
  return good;
}

/** Which keys of a client belong together, or exclude each other. */
function checkSeedKeys(key: string, table: Record<string, unknown>): Problem[] {
  const problems: Problem[] = [];
  if (!('seed' in table || 'seed_file' in table))
    problems.push({ key: `${key}.seed_file`, reason: 'is missing' });
  if ('seed' in table && 'seed_file' in table) {
    problems.push({ key: `${key}.seed`, reason: 'seed_file is there too; only one can be' });
  }
  for (const [one, other] of [
    ['previous_seed', 'previous_until'],
    ['previous_until', 'previous_seed'],
  ] as const) {
    if (!(one in table) && other in table) {
      problems.push({ key: `${key}.${one}`, reason: `is missing, and ${other} is there` });
    }
  }
  return problems;
}
