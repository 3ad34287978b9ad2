/** Facilities of syslog that a daemon may write to, with their numbers (RFC 5424 section 6.2.1). */
const NUMBERS = {
  user: 1,
  daemon: 3,
  auth: 4,
  authpriv: 10,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

export type Facility = keyof typeof NUMBERS;

export const FACILITIES = Object.keys(NUMBERS) as readonly Facility[];

/** What a line for syslog or the journal begins with, `<84>`. */
export function priorityMark(priority: number, facility?: Facility): string {
  return `<${8 * (facility === undefined ? 0 : NUMBERS[facility]) + priority}>`;
}
