import { readFileSync } from 'node:fs';

/** Number of `starttime` in /proc/PID/stat, counted from the field behind the name (proc(5)). */
const START_FIELD = 19;

/** When a process was started, in clock ticks since boot; `undefined` if there is none. */
export function startOf(pid: number): string | undefined {
  const fields = fieldsOf(pid);
  return fields?.[START_FIELD];
}

/** Whether the process that was started then has ended; one that nobody has waited for has, too. */
export function hasEnded(pid: number, start: string): boolean {
  const fields = fieldsOf(pid);
  return fields?.[START_FIELD] !== start || fields[0] === 'Z';
}

/** The fields behind the name, which may hold anything: state, parent, ... */
function fieldsOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // there is none
  }
}
