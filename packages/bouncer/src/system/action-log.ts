import { formatAddress } from '../core/address.js';
import type { Purpose } from '../core/grants.js';
import { describeOutcome, succeeded, type Outcome } from './action-process.js';
import type { Log } from './log.js';

/**
 * Logs how a command of an action ended, its `run` or its `stop`.
 * @param tries how often a `stop` was run
 */
export function logOutcome(
  log: Log,
  command: 'action' | 'stop of',
  { client, action, address }: Pick<Purpose, 'client' | 'action' | 'address'>,
  outcome: Outcome,
  tries?: number,
): void {
  const { status, signal, failure, timedOut, milliseconds, output, outputSize } = outcome;
  const fields = {
    client,
    action,
    address: formatAddress(address),
    status,
    signal,
    failure,
    timed_out: timedOut,
    milliseconds,
    output,
    output_size: outputSize,
    tries,
  };
  const level = succeeded(outcome) ? 'info' : 'error';
  log[level](fields, `${command} ${action} of ${client} ${describeOutcome(outcome)}`);
}

/** Logs that the `run` of a lease was never begun. */
export function logNotRun(
  log: Log,
  { client, action, address }: Pick<Purpose, 'client' | 'action' | 'address'>,
): void {
  const fields = { client, action, address: formatAddress(address) };
  log.warn(fields, `action ${action} of ${client} was not run: its lease was over before it could begin`);
}
