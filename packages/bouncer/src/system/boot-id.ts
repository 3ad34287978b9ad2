import { readFileSync } from 'node:fs';

const FILE = '/proc/sys/kernel/random/boot_id';

/** What the kernel calls the time since it was started: as long as it is the same, so is the clock that never steps. */
export function bootId(): string {
  return readFileSync(FILE, 'ascii').trim();
}
