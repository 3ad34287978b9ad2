import * as v from 'valibot';
import type { Problem } from './config-problem.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const NAME_REASON = 'a name is 1 to 64 letters, digits, ".", "_" or "-", the first a letter or digit';

/** Whether a text can be the name of a client or an action. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The form of a table: which keys it has, and what their values are. */
export type TableSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** Whether a value of TOML is a table. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * Checks one table.
 * @param problems gets what is wrong with it
 * @returns its output, or of a bad table the values that are good by themselves
 */
export function parseTable<Schema extends TableSchema>(
  key: string,
  schema: Schema,
  value: unknown,
  problems: Problem[],
): Partial<v.InferOutput<Schema>> {
  // Valibot would take a list and a date for tables without keys.
  if (!isTable(value)) {
    problems.push({ key, reason: value === undefined ? 'is missing' : 'expected a table' });
    return {};
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues) {
    const path = v.getDotPath(issue);
    problems.push({ key: path === null ? key : `${key}.${path}`, reason: reasonOf(issue) });
  }
  const good: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(schema.entries)) {
    const alone = v.safeParse(entry, value[name]);
    if (alone.success) good[name] = alone.output;
  }
  return good;
}

/**
 * The tables of a section, each of which has a name.
 * @param problems gets what is wrong with the section and the names
 */
export function namedTables(
  key: string,
  section: unknown = {},
  problems: Problem[],
): Record<string, unknown> {
  if (!isTable(section)) {
    problems.push({ key, reason: 'expected a table' });
    return {};
  }
  for (const name of Object.keys(section)) {
    if (!isName(name)) problems.push({ key: `${key}.${name}`, reason: NAME_REASON });
  }
  return section;
}

/** @param known has the keys that are known */
export function unknownKeys(raw: Record<string, unknown>, known: object): Problem[] {
  const unknown = Object.keys(raw).filter((key) => !Object.hasOwn(known, key));
  return unknown.map((key) => ({ key, reason: 'unknown key' }));
}

function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object') return issue.message;
  return issue.expected === 'never' ? 'unknown key' : 'is missing';
}
