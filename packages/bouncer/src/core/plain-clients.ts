import { parseSeed } from '@bouncer-spa/protocol';
import { CLIENT_DEFAULTS, parseClients, type ClientTable, type GoodClients } from './client-schema.js';
import { impossibleDate } from './impossible-date.js';
import { readPlainToml } from './plain-toml.js';

/**
 * A whole table of a client with nothing but a seed and actions, from the comments above it to the last of its
 * lines: no key may follow. Texts have no escapes, and nothing but spaces and visible characters. Only so
 * many lines of comments, and actions: each takes a place on the stack of regular expressions.
 */
const CLIENT =
  /(?:(?:#[ -~]*)?\n){0,99}\[clients\.([A-Za-z0-9][A-Za-z0-9_-]{0,63})\]\nseed = "([0-9A-Fa-f]{64})"\nactions = (\[(?:"[ !#-[\]-~]+"(?:, "[ !#-[\]-~]+"){0,999})?\])\n(?=(?:(?:#[ -~]*)?\n){0,99}(?:\[|$))/y;

/** Up to so many characters, a part of a text is a copy of it in V8; else it keeps all of the text. */
const LONGEST_COPY = 12;

/**
 * Reads a file of clients that is written plainly, as `bouncer client add` does it, one table after the other:
 * parsing all of it as TOML, and then checking it by the schema, takes several times as long for 100,000 clients.
 */
export class PlainClients {
  readonly #text: string;
  #at = 0;
  #isPlain = true;
  readonly #clients = new Map<string, Partial<ClientTable>>();
  /** Of 100,000 clients, few differ in their actions. */
  readonly #lists = new Map<string, string[]>();

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Reads the next so many tables. Comments above one that has more than a seed and actions count as another.
   * @returns whether any are left
   */
  read(most: number): boolean {
    for (let left = most; left > 0 && this.#isLeft; left--) this.#isPlain = this.#readTable();
    return this.#isLeft;
  }

  /**
   * What has been read, the same as by the parser of all TOML; `undefined` if anything stands there that is
   * not plain, or wrong.
   */
  get clients(): GoodClients | undefined {
    return this.#isPlain ? this.#clients : undefined;
  }

  get #isLeft(): boolean {
    return this.#isPlain && this.#at < this.#text.length;
  }

  /** @returns whether it is plain, and good */
  #readTable(): boolean {
    CLIENT.lastIndex = this.#at;
    const [table, name = '', seed = '', actions = ''] = CLIENT.exec(this.#text) ?? [];
    if (table === undefined) return this.#readOtherTable();
    this.#at += table.length;
    return this.#add(name.length > LONGEST_COPY ? copyOf(name) : name, {
      seed: parseSeed(seed),
      actions: this.#listOf(actions),
      ...CLIENT_DEFAULTS,
    });
  }

  /** Up to the next header. In a text of several lines it may be none; then the lines are not plain. */
  #readOtherTable(): boolean {
    const next = this.#text.indexOf('\n[', this.#at) + 1;
    const end = next === 0 ? this.#text.length : next;
    const lines = this.#text.slice(this.#at, end);
    this.#at = end;
    const toml = readPlainToml(lines);
    if (toml === undefined || impossibleDate(lines) !== undefined) return false;
    const { clients, problems } = parseClients(toml);
    return problems.length === 0 && Array.from(clients).every((client) => this.#add(...client));
  }

  /** @returns whether the name is new */
  #add(name: string, client: Partial<ClientTable>): boolean {
    const { size } = this.#clients;
    return this.#clients.set(name, client).size > size;
  }

  /** @param written JSON has such lists, too */
  #listOf(written: string): string[] {
    const list = this.#lists.get(written) ?? (JSON.parse(written) as string[]);
    this.#lists.set(written, list);
    return list;
  }
}

/** A copy of ASCII that does not keep what it is a part of. */
function copyOf(part: string): string {
  return Buffer.from(part, 'latin1').toString('latin1');
}
