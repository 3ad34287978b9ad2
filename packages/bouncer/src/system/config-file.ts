import { dirname, resolve } from 'node:path';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  parseGateKey,
  type ClientKeys,
  type GateKey,
  type Seed,
} from '@bouncer-spa/protocol';
import { TomlDate } from 'smol-toml';
import type { ClientTable } from '../core/client-schema.js';
import { checkClient, checkTables } from '../core/config-check.js';
import type { Problem } from '../core/config-problem.js';
import {
  parseTables,
  type ActionTable,
  type ClusterTable,
  type ConfigTables,
  type GoodValues,
  type LockoutTable,
} from '../core/config-schema.js';
import { EVERYWHERE } from '../core/config-values.js';
import type { GuardWishes } from '../core/guard.js';
import type { LockoutRules } from '../core/lockout.js';
import type { Action, Client, Deed, Policy } from '../core/policy.js';
import type { PortRange } from '../core/port-range.js';
import { readClientFiles, type ClientFile } from './client-files.js';
import { readSeeds, type SeededClient } from './client-seeds.js';
import type { ClusterConfig } from './cluster.js';
import { readClusterSecrets, type ClusterSecrets } from './cluster-secrets.js';
import { ConfigError } from './config-error.js';
import { KeyThread, MANY_CLIENTS } from './keys-ahead.js';
import type { LogWishes } from './log-places.js';
import { readSecret } from './secret-file.js';
import { timedPattern } from './timed-pattern.js';
import { readToml } from './toml-file.js';
import { distrustProgram } from './trusted-file.js';
import { giveWay, isSliceOver } from './slices.js';
import { findUser, type User } from './user.js';

/** A config that is ready to be used: everything it names has been read and checked. */
export interface Config {
  readonly policy: Policy;
  readonly capture: {
    readonly backend: 'pcap' | 'raw-socket';
    /** Names of network interfaces, or `any` alone. */
    readonly interfaces: readonly string[];
    /** Networks that packets may be meant for, instead of this host's own addresses. */
    readonly destination: readonly string[] | undefined;
    readonly port: number;
    readonly user: User;
  };
  readonly guard: GuardWishes;
  /** Absolute path. */
  readonly stateFolder: string;
  /** Absolute path. */
  readonly controlSocket: string;
  /** Minutes that a packet may be old if a carrier brings it; `undefined` if none may. */
  readonly carrierAge: number | undefined;
  /** Absolute path; `undefined` if no metrics are written. */
  readonly metricsFile: string | undefined;
  /** Most actions that run at once. */
  readonly mostRunning: number;
  /** `undefined` if no source is locked out. */
  readonly lockout: LockoutRules | undefined;
  /** `undefined` if this gateway is alone. */
  readonly cluster: ClusterConfig | undefined;
  readonly log: LogWishes & {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly rejectsPerMinute: number;
  };
}

const DAY = 86_400_000;

const SECONDS_PER_MINUTE = 60;

/** Seconds that an action's processes have, unless it says otherwise. */
const DEFAULT_TIMEOUT = 30;

/**
 * Reads a config and all that it names. Files are relative to the config's folder.
 * @throws {ConfigError} with everything that is wrong
 */
export async function loadConfig(file: string): Promise<Config> {
  const read = await readToml(file, 'public', 'bouncer init writes a first one');
  if ('problem' in read) throw new ConfigError(file, [read.problem]);
  const { good, tables, problems: ofForm } = parseTables(read.toml);
  const problems: Problem[] = [...ofForm, ...checkTables(good)];
  const folder = dirname(resolve(file));

  const gateKey = await readGateKey(folder, good, problems);
  const user = await readUser(good.capture.user, problems);
  await checkPrograms(good, problems);
  const clusterSecrets = await readClusterSecrets(folder, good.cluster ?? {}, problems);
  const clientFiles = await readClientFiles(clientsFolder(folder, good), problems);
  const files = [{ file: undefined, clients: good.clients }, ...clientFiles];
  for (const clientFile of files) await checkClientFile(clientFile, good, problems);
  const clients = await readSeeds(folder, files, gateKey, problems);
  if (tables === undefined || gateKey === undefined || user === undefined || problems.length > 0) {
    throw new ConfigError(file, problems);
  }

  const policy = await policyOf(tables, gateKey, clients);
  const { textfile } = tables.metrics;
  const { max_age: maxAge } = tables.submit;
  const { level, rejects_per_minute: rejectsPerMinute, file: logFile, syslog } = tables.log;
  return {
    policy,
    capture: {
      backend: tables.capture.backend,
      interfaces: tables.capture.interface,
      destination: tables.capture.destination,
      port: tables.capture.port,
      user,
    },
    guard: {
      plan: { closed: tables.guard.ports, openable: policy.actions.flatMap(portsOf) },
      staysClosed: tables.guard.on_stop === 'closed',
    },
    stateFolder: resolve(folder, tables.server.state_dir),
    controlSocket: resolve(folder, tables.server.control_socket),
    carrierAge: maxAge && Math.floor(maxAge / SECONDS_PER_MINUTE),
    metricsFile: textfile && resolve(folder, textfile),
    mostRunning: tables.limits.running,
    lockout: tables.lockout && lockoutOf(tables.lockout),
    cluster: tables.cluster && clusterOf(tables.cluster, clusterSecrets),
    log: { level, rejectsPerMinute, file: logFile && resolve(folder, logFile), syslog },
  };
}

/** Absolute path of the folder of clients, if the config has one. */
function clientsFolder(folder: string, { server }: GoodValues): string | undefined {
  return server.clients_dir === undefined ? undefined : resolve(folder, server.clients_dir);
}

function lockoutOf({ after, within, for: time, except }: LockoutTable): LockoutRules {
  return { after, within: within * 1_000, time: time * 1_000, except };
}

function clusterOf(
  { url, sentinel, on_failure: onFailure }: ClusterTable,
  secrets: ClusterSecrets,
): ClusterConfig {
  const [first, ...others] = url;
  if (first === undefined) throw new Error('the form of cluster.url was not checked');
  const kind = others.length > 0 ? 'cluster' : 'single';
  const way =
    sentinel === undefined
      ? ({ kind, master: '' } as const)
      : ({ kind: 'sentinel', master: sentinel } as const);
  return { store: { urls: [first, ...others], ...way, ...secrets }, onFailure };
}

async function readGateKey(
  folder: string,
  { server }: GoodValues,
  problems: Problem[],
): Promise<GateKey | undefined> {
  const { gate_key_file: path } = server;
  if (path === undefined) return undefined;
  return readSecret(folder, path, 'server.gate_key_file', parseGateKey, (key, reason) => {
    problems.push({ key, reason });
  });
}

async function readUser(name: string | undefined, problems: Problem[]): Promise<User | undefined> {
  if (name === undefined) return undefined;
  const user = await findUser(name);
  if (user === undefined)
    problems.push({ key: 'capture.user', reason: `there is no user "${name}" in /etc/passwd` });
  if (user?.uid === 0) problems.push({ key: 'capture.user', reason: 'must not be root' });
  return user;
}

async function checkPrograms({ actions }: GoodValues, problems: Problem[]): Promise<void> {
  for (const [name, action] of Object.entries(actions)) {
    for (const key of ['run', 'stop'] as const) {
      const [program = ''] = action[key] ?? [];
      const refusal = program.startsWith('/') ? await distrustProgram(program) : undefined;
      if (refusal !== undefined)
        problems.push({ key: `actions.${name}.${key}`, reason: `${program} ${refusal}` });
    }
  }
}

/**
 * Checks what a file, or the config itself, says about clients.
 * @param problems gets what is wrong with it
 */
async function checkClientFile(
  { file, clients }: ClientFile,
  good: GoodValues,
  problems: Problem[],
): Promise<void> {
  for (const client of clients) {
    if (isSliceOver()) await giveWay();
    for (const problem of [...checkClient(...client, good, file === undefined), ...checkMoments(...client)])
      problems.push(file === undefined ? problem : { ...problem, file });
  }
}

/** The times of a client. A date alone holds to the end of that day, UTC. */
function checkMoments(name: string, client: Partial<ClientTable>): Problem[] {
  const problems: Problem[] = [];
  for (const key of ['not_after', 'previous_until'] as const) {
    const date = client[key];
    if (date === undefined || isMoment(date)) continue;
    const reason = 'needs a date, and a time needs an offset such as Z';
    problems.push({ key: `clients.${name}.${key}`, reason });
  }
  return problems;
}

function isMoment(date: Date): boolean {
  return !(date instanceof TomlDate) || !(date.isTime() || (date.isLocal() && date.isDateTime()));
}

/** Unix time in milliseconds at which a date or time is over. */
function endOf(date: Date): number {
  return date instanceof TomlDate && date.isDate() ? date.getTime() + DAY : date.getTime();
}

async function policyOf(
  tables: ConfigTables,
  gateKey: GateKey,
  seeded: readonly SeededClient[],
): Promise<Policy> {
  const { id } = tables.server;
  const actions: Action[] = Object.entries(tables.actions).map(([name, table]) => ({
    name,
    code: actionCode(table.code),
    deed: deedOf(table),
    argument: table.argument && timedPattern(table.argument),
    duration: table.for ?? 0,
    maxDuration: table.max ?? table.for ?? 0,
  }));
  const actionsOf = actionSets();
  const clients: Client[] = [];
  const keysAhead = seeded.length < MANY_CLIENTS ? undefined : new KeyThread(seeded.length, id);
  const add = (client: Client, seed: Seed): void => {
    clients.push(client);
    keysAhead?.add(seed);
  };
  for (const { name, table, seed } of seeded) {
    if (isSliceOver()) await giveWay();
    const client = clientOf(name, table, deriveClientKeys(seed, id), actionsOf);
    add(client, seed);
    // Once more with its previous seed, for as long as that holds.
    const { previous_seed: previous, previous_until: until } = table;
    if (previous === undefined || until === undefined) continue;
    const notAfter = Math.min(endOf(until), client.notAfter ?? Infinity);
    add({ ...client, keys: deriveClientKeys(previous, id), notAfter }, previous);
  }
  keysAhead?.finish();
  return {
    serverId: id,
    gate: deriveGateSubkey(gateKey, id),
    delta: tables.capture.delta,
    clients,
    actions,
    ...(keysAhead && { keysAhead }),
  };
}

type ActionSets = (names: readonly string[]) => ReadonlySet<string>;

/** Gives clients with the same actions the same set: of 100,000 clients, few differ. */
function actionSets(): ActionSets {
  const sets = new Map<string, ReadonlySet<string>>();
  return (names) => {
    const key = names.join();
    const set = sets.get(key) ?? new Set(names);
    sets.set(key, set);
    return set;
  };
}

function clientOf(name: string, table: ClientTable, keys: ClientKeys, actionsOf: ActionSets): Client {
  return {
    name,
    keys,
    actions: actionsOf(table.actions),
    from: table.from ?? EVERYWHERE,
    notAfter: table.not_after === undefined ? undefined : endOf(table.not_after),
    bind: table.bind,
    maxDuration: table.max,
    mostGrants: table.grants,
  };
}

function deedOf({ run, stop, timeout = DEFAULT_TIMEOUT, allow, set = [] }: ActionTable): Deed {
  if (allow !== undefined) return { kind: 'open', door: { kind: 'ports', ports: allow } };
  if (run === undefined) return { kind: 'open', door: { kind: 'sets', sets: set } };
  const milliseconds = timeout * 1_000;
  if (stop === undefined) return { kind: 'run', run, timeout: milliseconds };
  return { kind: 'lease', run, stop, timeout: milliseconds };
}

/** The ports that an action opens through the guard. */
function portsOf({ deed }: Action): readonly PortRange[] {
  return deed.kind === 'open' && deed.door.kind === 'ports' ? deed.door.ports : [];
}
