import { parsedToml } from './parsed-toml.js';

const COMMENT = /^#[ -~]*$/;
const HEADER = /^\[([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\]$/;
const PAIR = /^([A-Za-z0-9_-]+) = (.*)$/;
/** A text without escapes, of spaces and visible characters. */
const TEXT = /^"[ !#-[\]-~]*"$/;
/** Only so many: each takes a place on the stack of regular expressions. */
const LIST_OF_TEXTS = /^\["[ !#-[\]-~]*"(?:, "[ !#-[\]-~]*"){0,999}\]$/;

type Table = Record<string, unknown>;

/**
 * Reads TOML that is written plainly: tables such as [clients.alice], with a bare key and a whole value on
 * each of their lines. A parser for all of TOML takes several times as long for 100,000 clients; here it
 * reads only what is neither a text nor a list of texts.
 * @returns the same as that parser, in objects that have a prototype; `undefined` if anything else stands
 * there, or anything wrong
 */
export function readPlainToml(toml: string): Table | undefined {
  const sections: Record<string, Table> = {};
  const lists = new Map<string, unknown>();
  let table: Table | undefined;
  for (let start = 0, end; start < toml.length; start = end + 1) {
    const found = toml.indexOf('\n', start);
    end = found < 0 ? toml.length : found;
    const line = toml.slice(start, end);
    if (line === '' || COMMENT.test(line)) continue;
    if (line.startsWith('[')) {
      table = begin(sections, line);
      if (table === undefined) return undefined;
      continue;
    }
    const pair = PAIR.exec(line);
    const key = pair?.[1];
    const written = pair?.[2];
    if (table === undefined || key === undefined || written === undefined || key in table) return undefined;
    // A value that goes on in the next line is none by itself.
    const value = TEXT.test(written) ? written.slice(1, -1) : (lists.get(written) ?? parsedToml(line)?.[key]);
    if (value === undefined) return undefined;
    // Of 100,000 clients, few differ in their actions.
    if (Array.isArray(value) && LIST_OF_TEXTS.test(written)) lists.set(written, value);
    table[key] = value;
  }
  return sections;
}

/** The new table of a header; `undefined` if it is there already, or has a name that every object inherits. */
function begin(sections: Record<string, Table>, line: string): Table | undefined {
  const header = HEADER.exec(line);
  const section = header?.[1];
  const name = header?.[2];
  if (section === undefined || name === undefined || section in Object.prototype) return undefined;
  const tables = (sections[section] ??= {});
  if (name in tables) return undefined;
  const table: Table = {};
  tables[name] = table;
  return table;
}
