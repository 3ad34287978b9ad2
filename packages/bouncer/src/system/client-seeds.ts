import { parseSeed, type GateKey, type Seed } from '@bouncer-spa/protocol';
import type { Problem } from '../core/config-problem.js';
import type { ClientTable } from '../core/client-schema.js';
import type { ClientFile } from './client-files.js';
import { readSecret } from './secret-file.js';
import { giveWay, isSliceOver } from './slices.js';

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
  // Most of 100,000 names are in one place already, if they are in one file.
  const largest = files.reduce((most, file) => (file.clients.size > most.clients.size ? file : most));
  const owners = new Map<string, ClientFile>();
  const secrets = new Secrets(gateKey);
  for (const clientFile of files) {
    const { file, clients } = clientFile;
    const complain = (name: string, key: string, reason: string) => {
      const problem = { key: `clients.${name}${key}`, reason };
      problems.push(file === undefined ? problem : { file, ...problem });
    };
    for (const [name, table] of clients) {
      if (isSliceOver()) await giveWay();
      if (clientFile !== largest) {
        const owner = largest.clients.has(name) ? largest : owners.get(name);
        if (owner !== undefined) complain(name, '', `is in ${owner.file ?? 'the config'} already`);
        owners.set(name, clientFile);
      }
      const seed = table.seed ?? (await readSeedFile(folder, name, table.seed_file, complain));
      if (seed === undefined) continue;
      // Whoever uses it has seen to it that there is no problem, and so no value missing.
      const client = { name, table: table as ClientTable, seed };
      const refusal = secrets.take(client);
      if (refusal !== undefined) complain(name, table.seed === undefined ? '.seed_file' : '.seed', refusal);
      const { previous_seed: previous } = table;
      const refusalOfPrevious = previous && secrets.take({ name, seed: previous });
      if (refusalOfPrevious !== undefined) complain(name, '.previous_seed', refusalOfPrevious);
      found.push(client);
    }
  }
  return found;
}

/** @param key of the client's table, with a dot before it; empty for the table itself */
type Complain = (name: string, key: string, reason: string) => void;

async function readSeedFile(
  folder: string,
  name: string,
  path: string | undefined,
  complain: Complain,
): Promise<Seed | undefined> {
  if (path === undefined) return undefined;
  return readSecret(folder, path, '.seed_file', parseSeed, (key, reason) => {
    complain(name, key, reason);
  });
}

/** Whose secret it is. */
type Owner = Pick<SeededClient, 'name' | 'seed'>;

/** All secrets of a config, none of which may be there twice. */
class Secrets {
  readonly #gateKey: GateKey | undefined;
  /**
   * By the number that a secret begins with, or the next one that is free. As a key, a number takes a quarter of
   * the time of a text with all of the secret.
   */
  readonly #taken = new Map<number, Owner>();

  constructor(gateKey: GateKey | undefined) {
    this.#gateKey = gateKey;
  }

  /** @returns why the client may not have the secret, if so */
  take(owner: Owner): string | undefined {
    const { seed } = owner;
    if (this.#gateKey !== undefined && areEqual(seed, this.#gateKey))
      return 'holds the gate key, which all clients know: make a seed';
    for (let number = numberOf(seed); ; number++) {
      const other = this.#taken.get(number);
      if (other === undefined) {
        this.#taken.set(number, owner);
        return undefined;
      }
      if (areEqual(seed, other.seed)) return `holds the same seed as that of clients.${other.name}`;
    }
  }
}

function numberOf(seed: Seed): number {
  const byte = (index: number): number => seed[index] ?? 0;
  return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
}

function areEqual(one: Seed, other: Seed | GateKey): boolean {
  // Nearly all differ here, and there are many.
  return one[0] === other[0] && one.every((byte, index) => byte === other[index]);
}
