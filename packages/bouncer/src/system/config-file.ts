import { dirname, resolve } from 'node:path';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  parseGateKey,
  parseSeed,
  ProtocolError,
  type GateKey,
  type Seed,
} from '@bouncer-spa/protocol';
import { parse, TomlDate, TomlError } from 'smol-toml';
import { checkTables } from '../core/config-check.js';
import type { Problem } from '../core/config-problem.js';
import { parseTables, type ConfigTables, type GoodValues } from '../core/config-schema.js';
import type { Action, Client, Policy } from '../core/policy.js';
import { ConfigError } from './config-error.js';
import { timedPattern } from './timed-pattern.js';
import { distrustProgram, readTrustedFile } from './trusted-file.js';
import { findUser, type User } from './user.js';

/** A config that is ready to be used: everything it names has been read and checked. */
export interface Config {
  readonly policy: Policy;
  readonly capture: { readonly interface: string; readonly port: number; readonly user: User };
  /** Absolute path. */
  readonly stateFolder: string;
  /** Most actions that run at once. */
  readonly mostRunning: number;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly rejectsPerMinute: number };
}

/** 100,000 clients of a few lines each fit. */
const MOST_CONFIG_BYTES = 64 * 1024 * 1024;

/** 64 digits, a line feed, and room to say what else is there. */
const MOST_SECRET_BYTES = 1024;

const DAY = 86_400_000;

/**
 * Reads a config and all that it names. Files are relative to the config's folder.
 * @throws {ConfigError} with everything that is wrong
 */
export async function loadConfig(file: string): Promise<Config> {
  const { good, tables, problems: ofForm } = parseTables(await readToml(file));
  const problems: Problem[] = [...ofForm, ...checkTables(good)];
  const folder = dirname(resolve(file));

  const gateKey = await readGateKey(folder, good, problems);
  const user = await readUser(good.capture.user, problems);
  await checkPrograms(good, problems);
  const seeds = await readSeeds(folder, good, gateKey, problems);
  const notAfter = readMoments(good, problems);
  if (tables === undefined || gateKey === undefined || user === undefined || problems.length > 0) {
    throw new ConfigError(file, problems);
  }

  return {
    policy: policyOf(tables, gateKey, seeds, notAfter),
    capture: { interface: tables.capture.interface, port: tables.capture.port, user },
    stateFolder: resolve(folder, tables.server.state_dir),
    mostRunning: tables.limits.running,
    log: { level: tables.log.level, rejectsPerMinute: tables.log.rejects_per_minute },
  };
}

async function readToml(file: string): Promise<unknown> {
  const text = await readTrustedFile(file, 'public', MOST_CONFIG_BYTES);
  if (typeof text !== 'string') throw new ConfigError(file, [{ key: '', reason: text.refusal }]);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [, reason = 'is not TOML'] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
    throw new ConfigError(`${file} line ${error.line}`, [{ key: '', reason }]);
  }
}

async function readGateKey(
  folder: string,
  { server }: GoodValues,
  problems: Problem[],
): Promise<GateKey | undefined> {
  const { gate_key_file: path } = server;
  return path === undefined
    ? undefined
    : readSecret(folder, path, 'server.gate_key_file', parseGateKey, problems);
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
  for (const [name, { run: [program = ''] = [] }] of Object.entries(actions)) {
    const refusal = program.startsWith('/') ? await distrustProgram(program) : undefined;
    if (refusal !== undefined) problems.push({ key: `actions.${name}.run`, reason: `${program} ${refusal}` });
  }
}

async function readSeeds(
  folder: string,
  { clients }: GoodValues,
  gateKey: GateKey | undefined,
  problems: Problem[],
): Promise<Map<string, Seed>> {
  const seeds = new Map<string, Seed>();
  /** What is wrong with using a secret again. */
  const objections = new Map<string, string>();
  if (gateKey !== undefined) {
    objections.set(
      Buffer.from(gateKey).toString('latin1'),
      'holds the gate key, which all clients know: make a seed',
    );
  }
  for (const [name, { seed_file: path }] of Object.entries(clients)) {
    if (path === undefined) continue;
    const key = `clients.${name}.seed_file`;
    const seed = await readSecret(folder, path, key, parseSeed, problems);
    if (seed === undefined) continue;
    const text = Buffer.from(seed).toString('latin1');
    const objection = objections.get(text);
    if (objection !== undefined) problems.push({ key, reason: objection });
    objections.set(text, `holds the same seed as that of clients.${name}`);
    seeds.set(name, seed);
  }
  return seeds;
}

async function readSecret<Secret extends Seed | GateKey>(
  folder: string,
  path: string,
  key: string,
  parseSecret: (text: string) => Secret,
  problems: Problem[],
): Promise<Secret | undefined> {
  if (/^[0-9a-f]{64}$/i.test(path)) {
    const reason =
      'expected the name of a file, got what looks like a secret itself: make a new one, in a file';
    problems.push({ key, reason });
    return undefined;
  }
  const file = resolve(folder, path);
  const text = await readTrustedFile(file, 'secret', MOST_SECRET_BYTES);
  if (typeof text !== 'string') {
    problems.push({ key, reason: `${file} ${text.refusal}` });
    return undefined;
  }
  try {
    return parseSecret(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    problems.push({ key, reason: `${file}: ${error.message}` });
    return undefined;
  }
}

/** A date without time holds to the end of that day, UTC. */
function readMoments({ clients }: GoodValues, problems: Problem[]): Map<string, number> {
  const moments = new Map<string, number>();
  for (const [name, { not_after: date }] of Object.entries(clients)) {
    if (!(date instanceof TomlDate)) continue;
    if (date.isTime() || (date.isLocal() && date.isDateTime())) {
      problems.push({
        key: `clients.${name}.not_after`,
        reason: 'needs a date, and a time needs an offset such as Z',
      });
    }
    moments.set(name, date.isDate() ? date.getTime() + DAY : date.getTime());
  }
  return moments;
}

function policyOf(
  tables: ConfigTables,
  gateKey: GateKey,
  seeds: ReadonlyMap<string, Seed>,
  notAfter: ReadonlyMap<string, number>,
): Policy {
  const { id } = tables.server;
  const actions: Action[] = Object.entries(tables.actions).map(([name, table]) => ({
    name,
    code: actionCode(table.code),
    run: table.run,
    timeout: table.timeout * 1_000,
    argument: table.argument && timedPattern(table.argument),
    duration: table.for ?? 0,
    maxDuration: table.max ?? table.for ?? 0,
  }));
  const clients: Client[] = [];
  for (const [name, seed] of seeds) {
    const table = tables.clients[name];
    if (table === undefined) continue;
    clients.push({
      name,
      keys: deriveClientKeys(seed, id),
      actions: new Set(table.actions),
      from: table.from,
      notAfter: notAfter.get(name),
      bind: table.bind,
    });
  }
  return { serverId: id, gate: deriveGateSubkey(gateKey, id), delta: tables.capture.delta, clients, actions };
}
