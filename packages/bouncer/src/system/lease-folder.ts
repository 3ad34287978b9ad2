import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Grant } from '../core/grants.js';
import { decodeGrant, encodeGrant, type StoredGrant } from './grant-record.js';
import { hasEnded, startOf } from './process-start.js';

/** The two commands of a lease. */
export type Step = 'run' | 'stop';

/** What is known of a command that was begun. */
export interface Begun {
  /** Process id of its leader. */
  readonly pid: number;
  /** When that was started, in the kernel's words: a process id alone may be another's by now. */
  readonly start: string;
  /** Its exit status; `undefined` if it has not ended, or was ended with its keeper. */
  readonly status: number | undefined;
}

/**
 * What is known of the commands of leases, in files that outlive the daemon and are right at any moment
 * of its death. `ID.run` and `ID.stop` are there as soon as the command may begin, never before;
 * `ID.run.status` and `ID.stop.status` are written by the command's keeper (see lease-process.ts).
 *
 * `ID.run` also holds the grant, for when the store is damaged.
 */
export class LeaseFolder {
  readonly #folder: string;

  /** Makes the folder if it is missing. @param stateFolder one that nobody else can write to */
  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, 'leases');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** The file that says that a command may begin. */
  marker(id: string, step: Step): string {
    return join(this.#folder, `${id}.${step}`);
  }

  /** The leases of which anything is known. */
  ids(): string[] {
    return [...new Set(readdirSync(this.#folder).map((name) => name.split('.', 1)[0] ?? ''))];
  }

  /** Says that a command may begin, and which process it is. */
  noteRun(grant: Grant, pid: number): void {
    this.#write(grant.id, 'run', `${pid} ${startOf(pid) ?? ''}\n${encodeGrant(grant)}\n`);
  }

  noteStop(id: string, pid: number): void {
    // What an earlier try left does not count for this one.
    rmSync(this.#status(id, 'stop'), { force: true });
    this.#write(id, 'stop', `${pid} ${startOf(pid) ?? ''}\n`);
  }

  /** Notes the new end of a grant whose `run` was begun. */
  noteExtension(grant: Grant): void {
    const [first = ''] = this.#read(this.marker(grant.id, 'run')).split('\n');
    if (first !== '') this.#write(grant.id, 'run', `${first}\n${encodeGrant(grant)}\n`);
  }

  /** What is known of a command; `undefined` if it was never begun. */
  begun(id: string, step: Step): Begun | undefined {
    const text = this.#read(this.marker(id, step));
    if (text === '') return undefined;
    const [pid = '', start = ''] = (text.split('\n', 1)[0] ?? '').split(' ');
    const status = /^(\d+)\n$/.exec(this.#read(this.#status(id, step)))?.[1];
    return { pid: Number(pid), start, status: status === undefined ? undefined : Number(status) };
  }

  /** Whether the process of a command has ended. */
  hasEnded({ pid, start }: Begun): boolean {
    return hasEnded(pid, start);
  }

  /** The grant of a lease whose `run` was begun; `undefined` if it cannot be read. */
  grant(id: string): StoredGrant | undefined {
    const [, line = ''] = this.#read(this.marker(id, 'run')).split('\n');
    const stored = decodeGrant(line);
    return stored?.grant.id === id ? stored : undefined;
  }

  /** Forgets a lease that is over. */
  remove(id: string): void {
    for (const step of ['stop', 'run'] as const) {
      const marker = this.marker(id, step);
      for (const path of [`${marker}.new`, marker, this.#status(id, step)]) rmSync(path, { force: true });
    }
  }

  #status(id: string, step: Step): string {
    return `${this.marker(id, step)}.status`;
  }

  #read(path: string): string {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** In one step: nobody ever sees half of it. */
  #write(id: string, step: Step, text: string): void {
    const path = this.marker(id, step);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}
