import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SIZE = 8;

/**
 * A number on disk beside the replay store: how many records the store has had at least. It is written
 * after the record itself is on disk and not synced, so it can be behind the store after a crash of
 * the machine, and is never ahead.
 */
export class Witness {
  readonly #descriptor: number;
  /** What it said when it was opened; 0 if it was not there. */
  readonly records: number;

  /** @param folder the store's */
  constructor(folder: string) {
    this.#descriptor = openSync(join(folder, 'witness'), constants.O_RDWR | constants.O_CREAT, 0o600);
    const bytes = Buffer.alloc(SIZE);
    this.records =
      readSync(this.#descriptor, bytes, 0, SIZE, 0) === SIZE ? Number(bytes.readBigUInt64BE()) : 0;
  }

  write(records: number): void {
    const bytes = Buffer.allocUnsafe(SIZE);
    bytes.writeBigUInt64BE(BigInt(records));
    writeSync(this.#descriptor, bytes, 0, SIZE, 0);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
