import { fstatSync } from 'node:fs';
import { FileSink } from './file-sink.js';
import { PipeSink } from './pipe-sink.js';

/** Lines that could not be written. */
export interface Losses {
  readonly lines: number;
  /** Why the last of them could not. */
  readonly reason: string;
}

/** Where log lines go. Never waits and never throws: a log that cannot be written is no reason to be deaf. */
export interface LogSink {
  write(line: string): void;
  /** Writes the line that tells what was lost, if anything was and there is room again. */
  reportLosses(lineFor: (losses: Losses) => string): void;
  /** The lines lost since they were last reported or taken. */
  takeLosses(): Losses | undefined;
  /** Settles when everything is handed to the system, or cannot be. */
  flush(): Promise<void>;
}

/** The sink for a file descriptor: a pipe or socket may be slow, a file or terminal may only fail. */
export function logSink(fd: number): LogSink {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket() ? new PipeSink(fd) : new FileSink(fd);
}
