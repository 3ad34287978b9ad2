import { fstatSync, writeSync } from 'node:fs';
import { CountingSink } from './counting-sink.js';
import { reasonOf } from './reason.js';

/** Writes to a file or a terminal, which can only fail. */
export class FileSink extends CountingSink {
  #fd: number;
  /** What is left of a line in whose middle the disk became full. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  /** Goes over to another file; an unfinished line stays unfinished in the one before. */
  protected goOverTo(fd: number): void {
    if (this.#rest.length > 0) this.lose('the file was changed for another');
    this.#rest = Buffer.alloc(0);
    this.#fd = fd;
  }

  protected put(line: string): string | undefined {
    try {
      // Whoever emptied the file has taken the beginning of that line away.
      if (this.#rest.length > 0 && fstatSync(this.#fd).size === 0) {
        this.#rest = Buffer.alloc(0);
        this.lose('the file was emptied');
      }
      if (this.#rest.length > 0) this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest));
      if (this.#rest.length > 0) return 'no space left on device';
      const bytes = Buffer.from(line);
      this.#rest = bytes.subarray(writeSync(this.#fd, bytes));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }
}
