import { parseSeed, type GateKey, type Seed } from '@bouncer-spa/protocol';
import type { Problem } from '../core/config-problem.js';
import type { ClientTable } from '../core/client-schema.js';
import type { ClientFile } from './client-files.js';
import { readSecret } from './secret-file.js';

/** A client of a config, with its secrets. */
export interface SeededClient {
  readonly name: string;
  readonly table: ClientTable;
  readonly seed: Seed;
}

/**
 * Reads the seeds of all clients, and sees to it that no name and no secret is there twice.
 * @param folder that seed files are relative to
 * @param problems gets what is wrong with them
 * @returns the clients whose seeds are good; those of a client with a problem may lack values
 */
export async function readSeeds(
  folder: string,
  files: readonly ClientFile[],
  gateKey: GateKey | undefined,
  problems: Problem[],
): Promise<readonly SeededClient[]> {
  const found: SeededClient[] = [];
  const owners = new Map<string, string | undefined>();
  const secrets = new Secrets(gateKey);
  for (const { file, clients } of files) {
    const complain = (key: string, reason: string) => {
      problems.push(file === undefined ? { key, reason } : { file, key, reason });
    };
    for (const [name, table] of clients) {
      const key = `clients.${name}`;
      if (owners.has(name)) complain(key, `is in ${owners.get(name) ?? 'the config'} already`);
      owners.set(name, file);
      const seed = table.seed ?? (await readSeedFile(folder, table.seed_file, `${key}.seed_file`, complain));
      if (seed === undefined) continue;
      secrets.take(seed, name, `${key}.${table.seed === undefined ? 'seed_file' : 'seed'}`, complain);
      if (table.previous_seed !== undefined) {
        secrets.take(table.previous_seed, name, `${key}.previous_seed`, complain);
      }
      // Whoever uses it has seen to it that there is no problem, and so no value missing.
      found.push({ name, table: table as ClientTable, seed });
    }
  }
  return found;
}

type Complain = (key: string, reason: string) => void;

async function readSeedFile(
  folder: string,
  path: string | undefined,
  key: string,
  complain: Complain,
): Promise<Seed | undefined> {
  return path === undefined ? undefined : readSecret(folder, path, key, parseSeed, complain);
}

/** All secrets of a config, none of which may be there twice. */
class Secrets {
  readonly #gateKey: string | undefined;
  /** The client that each belongs to. */
  readonly #owners = new Map<string, string>();

  constructor(gateKey: GateKey | undefined) {
    this.#gateKey = gateKey && textOf(gateKey);
  }

  take(seed: Seed, client: string, key: string, complain: Complain): void {
    const text = textOf(seed);
    if (text === this.#gateKey) complain(key, 'holds the gate key, which all clients know: make a seed');
    const owner = this.#owners.get(text);
    if (owner !== undefined) complain(key, `holds the same seed as that of clients.${owner}`);
    this.#owners.set(text, client);
  }
}

/** Written anew for each. */
const SECRET = Buffer.alloc(32);

function textOf(secret: Seed | GateKey): string {
  SECRET.set(secret);
  return SECRET.toString('latin1');
}
