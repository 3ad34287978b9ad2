import { quoted } from './quote.js';

/** A table as the TOML parser gives it: integers are bigints, so that 21.0 is not taken for 21. */
export type Table = Readonly<Record<string, unknown>>;

/** Notes what is wrong with the value of a key. */
export type Complain = (key: string, what: string, hint?: string) => void;

/** The text under a key, not empty and without NUL; nothing, after a complaint, if it is anything else. */
export function readText(table: Table, key: string, complain: Complain): string | undefined {
  const value = table[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    complain(key, `expected a string, got ${kindOf(value)}`);
    return undefined;
  }
  if (value === '' || value.includes('\0')) {
    complain(key, value === '' ? 'expected a string that is not empty' : 'expected a string without NUL');
    return undefined;
  }
  return value;
}

/**
 * The integer under a key; nothing, after a complaint, if it is out of range or anything else.
 * @param path what the key is called in the file as a whole
 */
export function readInteger(
  table: Table,
  key: string,
  path: string,
  least: number,
  largest: number,
  complain: Complain,
): number | undefined {
  const value = table[key];
  if (value === undefined) return undefined;
  if (typeof value === 'bigint' && value >= least && value <= largest) return Number(value);
  const got = typeof value === 'bigint' ? String(value) : kindOf(value);
  complain(path, `expected an integer from ${least} to ${largest}, got ${got}`);
  return undefined;
}

/** The boolean under a key, `otherwise` if there is none; that too, after a complaint, if it is anything else. */
export function readSwitch(table: Table, key: string, otherwise: boolean, complain: Complain): boolean {
  const value = table[key];
  if (value === undefined || typeof value === 'boolean') return value ?? otherwise;
  complain(key, `expected a boolean, got ${kindOf(value)}`);
  return otherwise;
}

/** A key as it is written in the file. */
export function shownKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : quoted(key);
}

/** Whether a value is a table and not an array or a date. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** What a value of TOML is, without saying its content, which may be a secret. */
export function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'bigint') return 'an integer';
  if (typeof value === 'number') return 'a float';
  if (typeof value === 'boolean') return 'a boolean';
  if (Array.isArray(value)) return 'an array';
  return value instanceof Date ? 'a date or time' : 'a table';
}
