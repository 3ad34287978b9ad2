import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../core/config-problem.js';
import { parseClients, type GoodClients } from '../core/client-schema.js';
import { fileReason } from './trusted-file.js';
import { readToml } from './toml-file.js';

/** What one file says about clients. */
export interface ClientFile {
  /** `undefined` for the config itself. */
  readonly file: string | undefined;
  readonly clients: GoodClients;
}

/** Files of a folder of clients end so. Others, such as those of an editor, are left alone. */
const ENDING = '.toml';

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
    const read = await readToml(file, 'secret');
    if ('problem' in read) {
      problems.push(read.problem);
      continue;
    }
    const { clients, problems: ofForm } = parseClients(read.toml);
    problems.push(...ofForm.map((problem) => ({ ...problem, file })));
    found.push({ file, clients });
  }
  return found;
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
