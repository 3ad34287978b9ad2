import { fstatSync } from 'node:fs';
import { priorityOf } from '../core/log-priority.js';
import { priorityMark } from '../core/syslog-facility.js';
import type { LogSink, Losses } from './log-sink.js';

/** Begins each line with its priority, `<4>`, as the journal understands it (sd-daemon(3)). */
export class PrioritySink implements LogSink {
  readonly #sink: LogSink;

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  write(line: string): void {
    this.#sink.write(marked(line));
  }

  reportLosses(lineFor: (losses: Losses) => string): void {
    this.#sink.reportLosses((losses) => marked(lineFor(losses)));
  }

  takeLosses(): Losses | undefined {
    return this.#sink.takeLosses();
  }

  flush(): Promise<void> {
    return this.#sink.flush();
  }
}

function marked(line: string): string {
  return `${priorityMark(priorityOf(line))}${line}`;
}

/** Whether a descriptor is the one that leads to the journal (JOURNAL_STREAM in systemd.exec(5)). */
export function leadsToJournal(descriptor: number, { JOURNAL_STREAM: stream }: NodeJS.ProcessEnv): boolean {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return stream === `${dev}:${ino}`;
}
