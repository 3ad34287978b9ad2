import { readFileSync } from 'node:fs';
import { readFile, unlink } from 'node:fs/promises';
import { replaceFile } from './durable-file.js';

/** The file names another bouncer, which runs. */
export class PidFileError extends Error {
  override readonly name = 'PidFileError';
}

/** Says in a file which process we are, for whoever wants to send us signals. */
export class PidFile {
  readonly #path: string;

  /** @param path absolute */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {PidFileError} if there is one of another bouncer that runs, not one that a dead one has left */
  async expectFree(): Promise<void> {
    const pid = await this.#read();
    if (pid !== undefined && pid !== process.pid && isBouncer(pid))
      throw new PidFileError(`${this.#path} is the file of another bouncer, process ${pid}, which runs`);
  }

  /** @throws the system's error */
  async write(): Promise<void> {
    await replaceFile(this.#path, `${process.pid}\n`);
  }

  /** Removes the file, if it is ours. @throws the system's error */
  async remove(): Promise<void> {
    if ((await this.#read()) === process.pid) await unlink(this.#path);
  }

  async #read(): Promise<number | undefined> {
    try {
      const text = await readFile(this.#path, 'utf8');
      return /^\d+\n?$/.test(text) ? Number(text) : undefined;
    } catch {
      return undefined; // to write it will tell what is wrong with it
    }
  }
}

/** Whether a process runs our program. */
function isBouncer(pid: number): boolean {
  try {
    const [, program] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program !== undefined && program === process.argv[1];
  } catch {
    return false; // there is none
  }
}
