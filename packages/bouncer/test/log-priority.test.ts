import { expect } from 'chai';
import { priorityOf } from '@bouncer-spa/bouncer/dist/core/log-priority.js';
import type { LogSink } from '@bouncer-spa/bouncer/dist/system/log-sink.js';
import { createLog } from '@bouncer-spa/bouncer/dist/system/log.js';

/** The lines that the daemon's own log writes of something. */
function linesOf(write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  const sink: LogSink = {
    write: (line) => lines.push(line),
    reportLosses: () => undefined,
    takeLosses: () => undefined,
    flush: () => Promise.resolve(),
  };
  write(createLog([sink], 'debug'));
  return lines;
}

/** A record as bunyan begins it. */
function record(level: number | string, { hostname = 'gw1', pid = 4_711 } = {}): string {
  return `{"name":"bouncer","hostname":"${hostname}","pid":${pid},"level":${level},"msg":"x"}\n`;
}

describe('priorityOf', () => {
  it("is syslog's word for each level that the log writes", () => {
    const lines = linesOf((log) => {
      log.fatal('x');
      log.error('x');
      log.warn('x');
      log.info('x');
      log.debug('x');
    });
    // Critical, error, warning, informational and debug (RFC 5424 section 6.2.1).
    expect(lines.map(priorityOf)).to.deep.equal([2, 3, 4, 6, 7]);
  });

  it('is that of the next lower level for a level of its own', () => {
    expect([1, 29, 31, 39, 49, 59, 61, 100].map((level) => priorityOf(record(level)))).to.deep.equal([
      7, 7, 6, 6, 4, 3, 2, 2,
    ]);
  });

  it('does not depend on how long the name of the host and the number of the process are', () => {
    for (const hostname of ['', 'g', 'gw1.example.net'])
      for (const pid of [1, 22, 4_194_304])
        expect(priorityOf(record(50, { hostname, pid })), record(50, { hostname, pid })).to.equal(3);
  });

  it('is not raised by anything from outside that stands in a record', () => {
    const [line = ''] = linesOf((log) => {
      log.info({ argument: '","level":60,', output: record(60) }, record(60));
    });
    expect(priorityOf(line)).to.equal(6);
  });

  it('is the lowest for a line that is no record, whatever stands in it', () => {
    for (const line of ['', 'Segmentation fault\n', ` ${record(60)}`, record('"60"'), record('')])
      expect(priorityOf(line), line).to.equal(7);
  });
});
