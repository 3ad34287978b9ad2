import { fstatSync } from 'node:fs';
import { priorityOf } from '../core/log-priority.js';
import type { LogSink, Losses } from './log-sink.js';

/** Begins each line with its priority, `<4>`, for readers that understand it (sd-daemon(3)). */
export class PrioritySink implements LogSink {
  readonly #sink: LogSink;
  /** Number of the facility; 0 leaves it to the reader. */
  readonly #facility: number;

  constructor(sink: LogSink, facility = 0) {
    this.#sink = sink;
    this.#facility = facility;
  }

  write(line: string): void {
    this.#sink.write(this.#marked(line));
  }

  reportLosses(lineFor: (losses: Losses) => string): void {
    this.#sink.reportLosses((losses) => this.#marked(lineFor(losses)));
  }

  takeLosses(): Losses | undefined {
    return this.#sink.takeLosses();
  }

  flush(): Promise<void> {
    return this.#sink.flush();
  }

  #marked(line: string): string {
    return `<${8 * this.#facility + priorityOf(line)}>${line}`;
  }
}

/** Whether a descriptor is the one that leads to the journal (JOURNAL_STREAM in systemd.exec(5)). */
export function leadsToJournal(descriptor: number, { JOURNAL_STREAM: stream }: NodeJS.ProcessEnv): boolean {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return stream === `${dev}:${ino}`;
}
