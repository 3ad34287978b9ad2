import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { ClockState } from '../core/closed-door.js';

/** Where systemd-timesyncd keeps what it knows; chrony and ntpd leave no such sign. */
const FOLDER = '/run/systemd/timesync';

/** What the system says of its clock, as far as that can be had without starting a program. */
export function clockState(): ClockState {
  if (existsSync(`${FOLDER}/synchronized`)) return 'synchronised';
  return existsSync(FOLDER) ? 'unsynchronised' : 'unknown';
}

/** Milliseconds that a system without an answer is given. */
const PATIENCE = 2_000;

/** What the kernel says of its clock, through systemd; whoever keeps it (adjtimex(2), timedatectl(1)). */
export async function askClockState(): Promise<ClockState> {
  // Loaded here because sending a packet starts no program.
  const { execFile } = await import('node:child_process');
  try {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', args, { timeout: PATIENCE });
    if (stdout === 'yes\n') return 'synchronised';
    if (stdout === 'no\n') return 'unsynchronised';
  } catch {
    // Not a system with systemd running; then there may be a sign, or none.
  }
  return clockState();
}
