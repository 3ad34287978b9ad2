import { clockState } from '../system/clock-state.js';
import { say } from './say.js';

/**
 * Warns of a clock that the system says is not synchronised: with -v, or at a terminal if nothing is waited
 * for. Who waits is told if the port stays closed, and would know no use for it if it opens.
 */
export function warnOfClock(isVerbose: boolean, isWaiting: boolean): void {
  // The terminal is asked for last: it takes half a millisecond to find out.
  if (clockState() !== 'unsynchronised' || !(isVerbose || (!isWaiting && process.stderr.isTTY))) return;
  say('warning: the clock of this machine is not synchronised; a server accepts a few minutes either way');
}
