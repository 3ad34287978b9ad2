import { dirname, isAbsolute, join } from 'node:path';
import {
  parseGateKey,
  parseSeed,
  ProtocolError,
  serverId,
  type GateKey,
  type Seed,
  type ServerId,
} from '@bouncer-spa/protocol';
import type { ActionNames } from './action.js';
import { OWN_SOURCE } from './address.js';
import { isHost } from './host.js';
import { LARGEST_PORT } from './port.js';
import { readActions, readDuration } from './profile-actions.js';
import { quoted } from './quote.js';
import { Refusal, type Problem } from './refusal.js';
import { isWrittenSecret } from './secret-text.js';
import {
  isTable,
  readInteger,
  readSwitch,
  readText,
  shownKey,
  type Complain,
  type Table,
} from './toml-table.js';

/** Where a secret is: in a file of its own, or in the profile itself. */
export type SecretSource<Secret> =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'inline'; readonly secret: Secret };

/** What a client knows of one server. */
export interface Profile {
  /** The file that says so. */
  readonly file: string;
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number | undefined;
  readonly serverId: ServerId;
  readonly gateKey: SecretSource<GateKey>;
  readonly seed: SecretSource<Seed> | undefined;
  /** One of the names in `actions`. */
  readonly defaultAction: string | undefined;
  /** Seconds to ask for where neither the command line nor the action says; `undefined` means the action's own. */
  readonly duration: number | undefined;
  /** What packets say of the address to act for: nothing, or which one this machine sends from. */
  readonly address: typeof OWN_SOURCE | undefined;
  /** Whether to wait until what an action opens is open. */
  readonly wait: boolean;
  readonly actions: ActionNames;
}

const KEYS = [
  'host',
  'port',
  'server_id',
  'gate_key',
  'gate_key_file',
  'seed',
  'seed_file',
  'default_action',
  'for',
  'allow',
  'wait',
  'actions',
];

/**
 * Checks a profile as parsed from its file.
 * @param exposure what is wrong with the file's owner and mode, which matters only if it holds a secret
 * @throws {Refusal} that lists every problem, none of which repeats a secret
 */
export function checkProfile(table: Table, file: string, exposure: readonly Problem[]): Profile {
  const problems: Problem[] = [];
  const complain: Complain = (key, what, hint) => {
    problems.push({ sentence: `${file}: ${key}: ${what}`, hint });
  };

  for (const key of Object.keys(table)) {
    if (!KEYS.includes(key)) complain(shownKey(key), 'unknown key', `the keys are ${KEYS.join(', ')}`);
  }
  if ('gate_key' in table || 'seed' in table) problems.push(...exposure);

  const host = readHost(table, complain);
  const port = readPort(table, complain);
  const id = readServerId(table, host, complain);
  const gateKey = readSecret(table, 'gate_key', file, parseGateKey, complain);
  if (gateKey === undefined && !('gate_key' in table || 'gate_key_file' in table)) {
    complain('gate_key_file', 'missing', "the gate key is the server's; its administrator has it");
  }
  const seed = readSecret(table, 'seed', file, parseSeed, complain);
  const duration = readDuration(table, 'for', 'for', complain);
  const address = readAddress(table, complain);
  const wait = readSwitch(table, 'wait', true, complain);
  const actions = readActions(table, complain);
  const defaultAction = readText(table, 'default_action', complain);
  if (defaultAction !== undefined && !namesIn(table).includes(defaultAction)) {
    complain('default_action', `${quoted(defaultAction)} is not in [actions]`);
  }

  if (host === undefined || id === undefined || gateKey === undefined || problems.length > 0) {
    throw new Refusal('profile', ...problems);
  }
  return { file, host, port, serverId: id, gateKey, seed, defaultAction, duration, address, wait, actions };
}

function readHost(table: Table, complain: Complain): string | undefined {
  const host = readText(table, 'host', complain);
  if (!('host' in table)) complain('host', 'missing', 'write host = "server.example.net"');
  if (host !== undefined && !isHost(host)) {
    complain('host', `expected a host name or an address without brackets, got ${quoted(host)}`);
    return undefined;
  }
  return host;
}

function readAddress(table: Table, complain: Complain): typeof OWN_SOURCE | undefined {
  const text = readText(table, 'allow', complain);
  if (text === undefined || text === OWN_SOURCE) return text;
  complain('allow', `expected "${OWN_SOURCE}", got ${quoted(text)}`, 'another address is for --allow');
  return undefined;
}

function readPort(table: Table, complain: Complain): number | undefined {
  return readInteger(table, 'port', 'port', 1, LARGEST_PORT, complain);
}

function readServerId(table: Table, host: string | undefined, complain: Complain): ServerId | undefined {
  const text = 'server_id' in table ? readText(table, 'server_id', complain) : host;
  if (text === undefined) return undefined;
  try {
    return serverId(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if ('server_id' in table) complain('server_id', error.message);
    else complain('server_id', 'missing, and the host cannot stand for it', error.message);
    return undefined;
  }
}

function readSecret<Secret>(
  table: Table,
  key: 'gate_key' | 'seed',
  file: string,
  parse: (text: string) => Secret,
  complain: Complain,
): SecretSource<Secret> | undefined {
  const fileKey = `${key}_file`;
  const path = readText(table, fileKey, complain);
  const text = readText(table, key, complain);
  if (key in table && fileKey in table) complain(key, `${fileKey} is there too; only one can be`);
  if (path !== undefined) {
    if (isWrittenSecret(path)) {
      complain(fileKey, 'expected the name of a file, got 64 hexadecimal digits', `call it ${key}`);
      return undefined;
    }
    return { kind: 'file', path: isAbsolute(path) ? path : join(dirname(file), path) };
  }
  if (text === undefined) return undefined;
  try {
    return { kind: 'inline', secret: parse(text) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    complain(key, error.message);
    return undefined;
  }
}

/** The names under `actions`, whether their codes are good or not. */
function namesIn(table: Table): string[] {
  return isTable(table['actions']) ? Object.keys(table['actions']) : [];
}
