import bunyan from 'bunyan';
import type { LogSink } from './log-sink.js';

export type Log = bunyan;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A bunyan log that writes one JSON record a line to each sink. */
export function createLog(sinks: readonly LogSink[], level: LogLevel): Log {
  const streams = sinks.map((sink) => ({ level, stream: streamInto(sink) }));
  const log = bunyan.createLogger({ name: 'bouncer', streams });
  return log;

  function streamInto(sink: LogSink): NodeJS.WritableStream {
    const stream = {
      write(line: string): void {
        sink.reportLosses(({ lines, reason }) =>
          recordOf({ lost: lines, reason }, `${lines} log lines were lost: ${reason}`),
        );
        sink.write(line);
      },
    };
    return stream as NodeJS.WritableStream;
  }

  function recordOf(fields: object, message: string): string {
    const { name, hostname, pid } = log.fields as Record<string, unknown>;
    const head = { name, hostname, pid, level: bunyan.WARN, ...fields, msg: message, time: new Date(), v: 0 };
    return `${JSON.stringify(head)}\n`;
  }
}
