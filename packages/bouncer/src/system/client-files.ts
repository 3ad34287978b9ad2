import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../core/config-problem.js';
import { parseClients, type GoodClients } from '../core/client-schema.js';
import { PlainClients } from '../core/plain-clients.js';
import { parseToml, readTomlText } from './toml-file.js';
import { fileReason } from './trusted-file.js';
import { giveWay, isSliceOver } from './slices.js';

/** What one file says about clients. */
export interface ClientFile {
  /** `undefined` for the config itself. */
  readonly file: string | undefined;
  readonly clients: GoodClients;
}

/** Files of a folder of clients end so. Others, such as those of an editor, are left alone. */
const ENDING = '.toml';

/** Tables read between two looks at the clock: less than 1 ms. */
const SLICE = 64;

/**
 * Reads all files of a folder of clients, in the order of their names. They may hold seeds, so they
 * are as secret as these.
 * @param problems gets what is wrong with their form
 */
export async function readClientFiles(
  folder: string | undefined,
  problems: Problem[],
): Promise<readonly ClientFile[]> {
  if (folder === undefined) return [];
  const found: ClientFile[] = [];
  for (const name of await list(folder, problems)) {
    const file = join(folder, name);
    const clients = await readClientFile(file, problems);
    if (clients !== undefined) found.push({ file, clients });
  }
  return found;
}

async function readClientFile(file: string, problems: Problem[]): Promise<GoodClients | undefined> {
  const read = await readTomlText(file, 'secret');
  if ('problem' in read) {
    problems.push(read.problem);
    return undefined;
  }
  const plain = new PlainClients(read.text);
  while (plain.read(SLICE)) if (isSliceOver()) await giveWay();
  if (plain.clients !== undefined) return plain.clients;
  const parsed = parseToml(file, read.text);
  if ('problem' in parsed) {
    problems.push(parsed.problem);
    return undefined;
  }
  const { clients, problems: ofForm } = parseClients(parsed.toml);
  // One by one: there may be more than a call can have arguments.
  for (const problem of ofForm) problems.push({ ...problem, file });
  return clients;
}

async function list(folder: string, problems: Problem[]): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => name.endsWith(ENDING) && !name.startsWith('.')).sort();
  } catch (error) {
    problems.push({ key: 'server.clients_dir', reason: `${folder} ${fileReason(error)}` });
    return [];
  }
}
