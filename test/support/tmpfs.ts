import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A small disk in memory, to be filled up. */
export class Tmpfs {
  readonly folder: string;

  /** Mounts it on a folder, which is made if it is missing. */
  constructor(folder: string, kibibytes: number) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k,mode=0700`, 'tmpfs', folder]);
  }

  /** Takes all space that is left. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    writeFileSync(this.#filling, Buffer.alloc(bavail * bsize));
  }

  free(): void {
    rmSync(this.#filling);
  }

  makeReadOnly(): void {
    execFileSync('mount', ['-o', 'remount,ro', this.folder]);
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder]);
  }

  get #filling(): string {
    return join(this.folder, 'filling');
  }
}
