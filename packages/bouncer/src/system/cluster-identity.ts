import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from './durable-file.js';

const id = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const content = v.strictObject({ id, known: v.record(id, v.string()) });

const NAME = 'cluster.json';

/** Who this gateway is for the others, and whom it knows of them: what has to outlive a start. */
export class ClusterIdentity {
  readonly #path: string;
  readonly id: string;
  #known: string;

  private constructor(path: string, own: string, known: ReadonlyMap<string, string>) {
    this.#path = path;
    this.id = own;
    this.#known = textOf(known);
  }

  /**
   * Reads it, or draws another where there is none or it is not readable any more.
   * @throws the system's error if it cannot be written
   */
  static async open(
    stateFolder: string,
  ): Promise<{ identity: ClusterIdentity; known: ReadonlyMap<string, string> }> {
    const path = join(stateFolder, NAME);
    const written = v.safeParse(content, await contentOf(path));
    const own = written.success ? written.output.id : randomBytes(8).toString('hex');
    const known = new Map(written.success ? Object.entries(written.output.known) : []);
    const identity = new ClusterIdentity(path, own, known);
    if (!written.success) await replaceFile(path, identity.#text);
    return { identity, known };
  }

  /**
   * Remembers other members.
   * @param known ids with names
   * @throws the system's error if it cannot be written
   */
  async remember(known: ReadonlyMap<string, string>): Promise<void> {
    const text = textOf(known);
    if (text === this.#known) return;
    const former = this.#known;
    this.#known = text;
    try {
      await replaceFile(this.#path, this.#text);
    } catch (error) {
      this.#known = former;
      throw error;
    }
  }

  get #text(): string {
    return `{"id":"${this.id}","known":${this.#known}}\n`;
  }
}

function textOf(known: ReadonlyMap<string, string>): string {
  return JSON.stringify(Object.fromEntries(known));
}

async function contentOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined; // then there is none
  }
}
