/** Priorities of syslog (RFC 5424 section 6.2.1), as the journal knows them too (sd-daemon(3)). */
const CRITICAL = 2;
const ERROR = 3;
const WARNING = 4;
const INFO = 6;
const DEBUG = 7;

/** The least level of bunyan for each priority but the lowest. */
const LEAST = [
  [60, CRITICAL],
  [50, ERROR],
  [40, WARNING],
  [30, INFO],
] as const;

/** How a record begins; what comes from outside stands behind that. */
const LEVEL = /^\{"name":"bouncer","hostname":"[^"]*","pid":\d+,"level":(\d+),/;

/** The priority of a line of the log. */
export function priorityOf(line: string): number {
  const level = Number(LEVEL.exec(line)?.[1] ?? 0);
  return LEAST.find(([least]) => level >= least)?.[1] ?? DEBUG;
}
