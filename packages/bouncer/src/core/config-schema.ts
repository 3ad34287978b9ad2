import { MAX_DELTA, parseSeed, serverId } from '@bouncer-spa/protocol';
import * as v from 'valibot';
import type { Problem } from './config-problem.js';
import {
  choice,
  commandLine,
  DAY,
  duration,
  integer,
  interfaceNames,
  listOf,
  moment,
  network,
  networkText,
  ofProtocol,
  oneOrMore,
  parsedOr,
  portRange,
  setName,
  text,
  wholeArgument,
} from './config-values.js';
import { checkDeedKeys } from './deed-check.js';
import { BINDS } from './policy.js';
import { ON_FAILURE } from './cluster-status.js';
import { parseStoreUrl } from './store-url.js';
import { FACILITIES } from './syslog-facility.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const NAME_REASON = 'a name is 1 to 64 letters, digits, ".", "_" or "-", the first a letter or digit';

/** Whether a text can be the name of a client or an action. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Where the daemon can be asked, if the config names nothing else. */
export const DEFAULT_CONTROL_SOCKET = '/run/bouncer/control.sock';

const action = v.strictObject({
  code: integer(0, 0xffff),
  run: v.optional(commandLine),
  stop: v.optional(commandLine),
  timeout: v.optional(v.pipe(duration, v.maxValue(DAY, 'expected at most "1d"'))),
  allow: v.optional(v.pipe(listOf(portRange), v.nonEmpty('is empty'))),
  set: v.optional(oneOrMore(setName)),
  argument: v.optional(wholeArgument),
  for: v.optional(duration),
  max: v.optional(duration),
});

/** What a client has that does not say otherwise. */
const CLIENT_DEFAULTS = { bind: 'source', grants: 16 } as const;

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

const server = v.strictObject({
  id: ofProtocol(serverId),
  gate_key_file: text,
  state_dir: text,
  clients_dir: v.optional(text),
  control_socket: v.optional(text, DEFAULT_CONTROL_SOCKET),
  host: v.optional(
    v.pipe(text, v.regex(/^[A-Za-z0-9._:-]+$/, 'expected a host name or an address without brackets')),
  ),
});

const capture = v.strictObject({
  backend: v.optional(choice(['pcap', 'raw-socket']), 'pcap'),
  interface: v.optional(interfaceNames, 'any'),
  destination: v.optional(v.pipe(listOf(networkText), v.nonEmpty('is empty: nothing would be accepted'))),
  port: integer(1, 65_535),
  delta: v.optional(integer(0, MAX_DELTA), 2),
  user: v.optional(text, 'nobody'),
});

const guard = v.strictObject({
  ports: v.optional(listOf(portRange), []),
  on_stop: v.optional(choice(['closed', 'open']), 'closed'),
});

const limits = v.strictObject({ running: v.optional(integer(1, 1_024), 16) });

const submit = v.strictObject({
  max_age: v.optional(v.pipe(duration, v.maxValue(DAY, 'expected at most "1d"'))),
});

const metrics = v.strictObject({ textfile: v.optional(text) });

const log = v.strictObject({
  level: v.optional(choice(['debug', 'info', 'warn', 'error']), 'info'),
  rejects_per_minute: v.optional(integer(0, 10_000), 20),
  file: v.optional(text),
  syslog: v.optional(choice(FACILITIES)),
});

const lockout = v.strictObject({
  after: v.optional(integer(1, 10_000), 20),
  within: v.optional(duration, '1m'),
  for: v.optional(duration, '10m'),
  except: v.optional(listOf(network), []),
});

const cluster = v.strictObject({
  url: oneOrMore(parsedOr(parseStoreUrl)),
  sentinel: v.optional(text),
  password_file: v.optional(text),
  ca_file: v.optional(text),
  on_failure: v.optional(choice(ON_FAILURE), 'closed'),
});

export type LockoutTable = v.InferOutput<typeof lockout>;
export type ClusterTable = v.InferOutput<typeof cluster>;
export type ActionTable = v.InferOutput<typeof action>;
export type ClientTable = v.InferOutput<typeof client>;

/** A config as it is written, each value read and within its range, defaults filled in. */
export interface ConfigTables {
  readonly server: v.InferOutput<typeof server>;
  readonly capture: v.InferOutput<typeof capture>;
  readonly guard: v.InferOutput<typeof guard>;
  readonly limits: v.InferOutput<typeof limits>;
  readonly submit: v.InferOutput<typeof submit>;
  readonly metrics: v.InferOutput<typeof metrics>;
  readonly log: v.InferOutput<typeof log>;
  readonly lockout: LockoutTable | undefined;
  readonly cluster: ClusterTable | undefined;
  readonly actions: Readonly<Record<string, ActionTable>>;
  readonly clients: Readonly<Record<string, ClientTable>>;
}

/** What one file says about clients, as far as it is good by itself. */
export type GoodClients = Readonly<Record<string, Partial<ClientTable>>>;

/** The values of a config that are good by themselves, in whatever company. */
export interface GoodValues {
  readonly server: Partial<ConfigTables['server']>;
  readonly capture: Partial<ConfigTables['capture']>;
  readonly guard: Partial<ConfigTables['guard']>;
  readonly cluster: Partial<ClusterTable> | undefined;
  readonly actions: Readonly<Record<string, Partial<ActionTable>>>;
  readonly clients: GoodClients;
}

export interface ParsedTables {
  /** What further checks can look at, so that one mistake does not hide the others. */
  readonly good: GoodValues;
  /** The whole, if nothing is wrong with its form. */
  readonly tables: ConfigTables | undefined;
  readonly problems: readonly Problem[];
}

/** Checks the form of a config: keys, types, ranges. Tells everything that is wrong, not only the first. */
export function parseTables(toml: unknown): ParsedTables {
  const raw = isTable(toml) ? toml : {};
  const problems: Problem[] = [];
  const one = <Table extends AnyTable>(key: string, schema: Table, value: unknown) =>
    parseTable(key, schema, value, problems);
  const many = <Table extends AnyTable>(key: string, schema: Table) =>
    parseSection(key, schema, raw[key], problems);
  const good = {
    server: one('server', server, raw['server']),
    capture: one('capture', capture, raw['capture']),
    guard: one('guard', guard, raw['guard'] ?? {}),
    limits: one('limits', limits, raw['limits'] ?? {}),
    lockout: raw['lockout'] === undefined ? undefined : one('lockout', lockout, raw['lockout']),
    submit: one('submit', submit, raw['submit'] ?? {}),
    metrics: one('metrics', metrics, raw['metrics'] ?? {}),
    log: one('log', log, raw['log'] ?? {}),
    cluster: raw['cluster'] === undefined ? undefined : one('cluster', cluster, raw['cluster']),
    actions: many('actions', action),
    clients: parseClientSection(raw['clients'], problems),
  };
  for (const [name, table] of Object.entries(isTable(raw['actions']) ? raw['actions'] : {})) {
    if (isTable(table)) problems.push(...checkDeedKeys(`actions.${name}`, table));
  }
  problems.push(...unknownKeys(raw, good));
  // Without a problem every value is there.
  return { good, tables: problems.length === 0 ? (good as ConfigTables) : undefined, problems };
}

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

type AnyTable = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** Checks a table of tables, each of which has a name. */
function parseSection<Table extends AnyTable>(
  key: string,
  schema: Table,
  section: unknown = {},
  problems: Problem[],
  shortcut?: (value: unknown) => v.InferOutput<Table> | undefined,
): Record<string, Partial<v.InferOutput<Table>>> {
  if (!isTable(section)) problems.push({ key, reason: 'expected a table' });
  const entries = Object.entries(isTable(section) ? section : {});
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (!isName(name)) problems.push({ key: `${key}.${name}`, reason: NAME_REASON });
      return [name, shortcut?.(value) ?? parseTable(`${key}.${name}`, schema, value, problems)] as const;
    }),
  );
}

function parseClientSection(section: unknown, problems: Problem[]): GoodClients {
  const clients = parseSection('clients', client, section, problems, plainClient);
  for (const name of Object.keys(clients)) {
    const table = isTable(section) ? section[name] : undefined;
    if (isTable(table)) problems.push(...checkSeedKeys(`clients.${name}`, table));
  }
  return clients;
}

/** A client with nothing but a seed and actions. Most of 100,000 are so, and the schema takes several times as long. */
function plainClient(value: unknown): ClientTable | undefined {
  if (!isTable(value)) return undefined;
  for (const key of Object.keys(value)) if (key !== 'seed' && key !== 'actions') return undefined;
  const { seed, actions } = value;
  if (typeof seed !== 'string' || !Array.isArray(actions)) return undefined;
  if (!actions.every((name): name is string => typeof name === 'string' && name !== '')) return undefined;
  try {
    return { seed: parseSeed(seed), actions, ...CLIENT_DEFAULTS };
  } catch {
    return undefined; // of which the schema says what is wrong
  }
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

function unknownKeys(raw: Record<string, unknown>, known: object): Problem[] {
  const unknown = Object.keys(raw).filter((key) => !Object.hasOwn(known, key));
  return unknown.map((key) => ({ key, reason: 'unknown key' }));
}

/** Checks one table. @returns its output, or of a bad table the values that are good by themselves */
function parseTable<Table extends AnyTable>(
  key: string,
  schema: Table,
  value: unknown,
  problems: Problem[],
): Partial<v.InferOutput<Table>> {
  if (value === undefined) {
    problems.push({ key, reason: 'is missing' });
    return {};
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues) {
    const path = v.getDotPath(issue);
    problems.push({ key: path === null ? key : `${key}.${path}`, reason: reasonOf(issue) });
  }
  const good: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(schema.entries)) {
    const alone = v.safeParse(entry, isTable(value) ? value[name] : undefined);
    if (alone.success) good[name] = alone.output;
  }
  return good;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object') return issue.message;
  if (issue.expected === 'never') return 'unknown key';
  return issue.received === 'undefined' ? 'is missing' : 'expected a table';
}
