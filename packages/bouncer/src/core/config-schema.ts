import { MAX_DELTA, serverId } from '@bouncer-spa/protocol';
import * as v from 'valibot';
import { parseClientSection, type ClientTable, type GoodClients } from './client-schema.js';
import type { Problem } from './config-problem.js';
import { isTable, namedTables, parseTable, unknownKeys, type TableSchema } from './config-table.js';
import {
  choice,
  commandLine,
  DAY,
  duration,
  integer,
  interfaceNames,
  listOf,
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
import { ON_FAILURE } from './cluster-status.js';
import { parseStoreUrl } from './store-url.js';
import { FACILITIES } from './syslog-facility.js';

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
  readonly clients: ReadonlyMap<string, ClientTable>;
}

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
  const needed = <Schema extends TableSchema>(key: string, schema: Schema, value = raw[key]) =>
    parseTable(key, schema, value, problems);
  const defaulted = <Schema extends TableSchema>(key: string, schema: Schema) =>
    needed(key, schema, raw[key] ?? {});
  const optional = <Schema extends TableSchema>(key: string, schema: Schema) =>
    raw[key] === undefined ? undefined : needed(key, schema);
  const good = {
    server: needed('server', server),
    capture: needed('capture', capture),
    guard: defaulted('guard', guard),
    limits: defaulted('limits', limits),
    lockout: optional('lockout', lockout),
    submit: defaulted('submit', submit),
    metrics: defaulted('metrics', metrics),
    log: defaulted('log', log),
    cluster: optional('cluster', cluster),
    actions: parseActions(raw['actions'], problems),
    clients: parseClientSection(raw['clients'], problems),
  };
  problems.push(...unknownKeys(raw, good));
  // Without a problem every value is there.
  return { good, tables: problems.length === 0 ? (good as ConfigTables) : undefined, problems };
}

function parseActions(section: unknown, problems: Problem[]): GoodValues['actions'] {
  const tables = namedTables('actions', section, problems);
  return Object.fromEntries(
    Object.entries(tables).map(([name, table]) => {
      const key = `actions.${name}`;
      const good = parseTable(key, action, table, problems);
      if (isTable(table)) problems.push(...checkDeedKeys(key, table));
      return [name, good];
    }),
  );
}
