import { dirname, join, resolve } from 'node:path';
import { parseGateKey, type GateKey } from '@bouncer-spa/protocol';
import type { Problem } from '../core/config-problem.js';
import type { ClientTable } from '../core/client-schema.js';
import { parseTables, type ConfigTables } from '../core/config-schema.js';
import { readClientFiles } from './client-files.js';
import { ConfigError } from './config-error.js';
import { loadConfig } from './config-file.js';
import { readSecret } from './secret-file.js';
import { readToml } from './toml-file.js';

/** A client as it is written. */
export interface WrittenClient {
  readonly name: string;
  readonly table: ClientTable;
  /** The file that it is in: the config, or one of the folder of clients. */
  readonly file: string;
}

/** What commands that change clients have to know of a config. */
export interface Enrolment {
  readonly tables: ConfigTables;
  readonly gateKey: GateKey;
  /** Absolute path; `undefined` if the config names none. */
  readonly clientsFolder: string | undefined;
  /** In the order in which they are read. */
  readonly clients: readonly WrittenClient[];
}

/**
 * Reads what is written about clients, in a config that is good as a whole.
 * @throws {ConfigError} with everything that is wrong
 */
export async function readEnrolment(file: string): Promise<Enrolment> {
  await loadConfig(file);
  const problems: Problem[] = [];
  const read = await readToml(file, 'public');
  const { tables } = parseTables('toml' in read ? read.toml : undefined);
  if (tables === undefined) throw changedMeanwhile(file);
  const folder = dirname(resolve(file));
  const { clients_dir: name, gate_key_file: keyFile } = tables.server;
  const clientsFolder = name === undefined ? undefined : resolve(folder, name);
  const files = await readClientFiles(clientsFolder, problems);
  const gateKey = await readSecret(folder, keyFile, 'server.gate_key_file', parseGateKey, (key, reason) => {
    problems.push({ key, reason });
  });
  if (gateKey === undefined || problems.length > 0) throw changedMeanwhile(file);
  const clients = [{ file, clients: tables.clients }, ...files].flatMap(({ file: origin, clients: found }) =>
    Array.from(found, ([name, table]) => ({
      name,
      // Of a config without a problem, none is missing.
      table: table as ClientTable,
      file: origin ?? file,
    })),
  );
  return { tables, gateKey, clientsFolder, clients };
}

/** The file that a client of its own is in. */
export function clientFile(folder: string, name: string): string {
  return join(folder, `${name}.toml`);
}

function changedMeanwhile(file: string): ConfigError {
  return new ConfigError(file, [{ key: '', reason: 'was changed while it was read: try again' }]);
}
