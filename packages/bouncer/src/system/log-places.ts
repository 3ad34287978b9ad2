import type { Facility } from '../core/syslog-facility.js';
import { LogFile } from './log-file.js';
import { logSink, type LogSink } from './log-sink.js';
import { leadsToJournal, PrioritySink } from './priority-sink.js';
import { Syslog } from './syslog.js';

const STANDARD_OUTPUT = 1;

/** Where the config wants the log to go, besides standard output. */
export interface LogWishes {
  /** Absolute path. */
  readonly file: string | undefined;
  readonly syslog: Facility | undefined;
}

/** All places that the log goes to. None of them keeps the others, or us, from going on. */
export class LogPlaces {
  readonly #output: LogSink;
  readonly #file = new LogFile();
  readonly #syslog = new Syslog();

  constructor(environment: NodeJS.ProcessEnv) {
    const output = logSink(STANDARD_OUTPUT);
    this.#output = leadsToJournal(STANDARD_OUTPUT, environment) ? new PrioritySink(output) : output;
  }

  get sinks(): readonly LogSink[] {
    return [this.#output, this.#file, this.#syslog];
  }

  /** Goes over to other places. @returns why one cannot be written, if so; it is tried again */
  follow({ file, syslog }: LogWishes): string | undefined {
    this.#syslog.follow(syslog);
    return this.#file.follow(file);
  }

  /** Opens the file anew, after somebody has moved it away. @returns why it cannot be written, if so */
  reopen(): string | undefined {
    return this.#file.reopen();
  }

  /** Settles when everything is handed to the system, or cannot be. Nothing is to be written any more. */
  async flush(): Promise<void> {
    await Promise.all(this.sinks.map((sink) => sink.flush()));
  }
}
