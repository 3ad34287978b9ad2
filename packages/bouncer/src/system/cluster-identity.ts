import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from './durable-file.js';

const id = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const content = v.strictObject({
  id,
  known: v.record(id, v.string()),
  untold: v.optional(v.array(v.string()), []),
});

const NAME = 'cluster.json';

/** What a gateway has to know of its cluster after a start. */
export interface ClusterMemory {
  /** Ids of the other gateways, with names. */
  readonly known: ReadonlyMap<string, string>;
  /** Revocations, as lines for the store, that it may not have been told. */
  readonly untold: readonly string[];
}

const NOTHING: ClusterMemory = { known: new Map(), untold: [] };

/** Who this gateway is for the others, and what it knows of them: what has to outlive a start. */
export class ClusterIdentity {
  readonly #path: string;
  readonly id: string;
  #written: string;

  private constructor(path: string, own: string, memory: ClusterMemory) {
    this.#path = path;
    this.id = own;
    this.#written = this.#textOf(memory);
  }

  /**
   * Reads it, or draws another where there is none or it is not readable any more.
   * @throws the system's error if it cannot be written
   */
  static async open(stateFolder: string): Promise<{ identity: ClusterIdentity; memory: ClusterMemory }> {
    const path = join(stateFolder, NAME);
    const { success, output } = v.safeParse(content, await contentOf(path));
    const memory = success
      ? { known: new Map(Object.entries(output.known)), untold: output.untold }
      : NOTHING;
    const identity = new ClusterIdentity(path, success ? output.id : randomBytes(8).toString('hex'), memory);
    if (!success) await replaceFile(path, identity.#written);
    return { identity, memory };
  }

  /**
   * Has something outlive a start.
   * @throws the system's error if it cannot be written
   */
  async remember(memory: ClusterMemory): Promise<void> {
    const text = this.#textOf(memory);
    if (text === this.#written) return;
    await replaceFile(this.#path, text);
    this.#written = text;
  }

  #textOf({ known, untold }: ClusterMemory): string {
    return `${JSON.stringify({ id: this.id, known: Object.fromEntries(known), untold })}\n`;
  }
}

async function contentOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined; // then there is none
  }
}
