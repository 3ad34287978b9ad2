/**
 * Loaded into a daemon before its own code: lets its clocks be ahead by the milliseconds in the file
 * `TEST_CLOCK`, first that on the wall, then the one that never steps.
 */
import { readFileSync } from 'node:fs';

const NANOSECONDS = 1_000_000n;

const realNow = Date.now.bind(Date);
const realMonotonic = process.hrtime.bigint.bind(process.hrtime);
const file = process.env['TEST_CLOCK'] ?? '';

const [, monotonicAhead = '0'] = readAhead();

Date.now = () => realNow() + Number(readAhead()[0]);
process.hrtime.bigint = () => realMonotonic() + BigInt(monotonicAhead) * NANOSECONDS;

function readAhead(): string[] {
  return readFileSync(file, 'utf8').split(' ');
}
