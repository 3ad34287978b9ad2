import bunyan from 'bunyan';
import type { LogSink } from './log-sink.js';

export type Log = bunyan;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A bunyan log that writes one JSON record a line to the sink. */
export function createLog(sink: LogSink, level: LogLevel): Log {
  const stream = {
    write(line: string): void {
      sink.reportLosses(({ lines, reason }) =>
        recordOf({ lost: lines, reason }, `${lines} log lines were lost: ${reason}`),
      );
      sink.write(line);
    },
  };
  const log = bunyan.createLogger({ name: 'bouncer', level, stream: stream as NodeJS.WritableStream });
  return log;

  function recordOf(fields: object, message: string): string {
    const { name, hostname, pid } = log.fields as Record<string, unknown>;
    const head = { name, hostname, pid, level: bunyan.WARN, ...fields, msg: message, time: new Date(), v: 0 };
    return `${JSON.stringify(head)}\n`;
  }
}
