import type { Bind } from './policy.js';

/** What `bouncer client add` is told about a new client; all of it checked. */
export interface NewClient {
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly seed: string;
  readonly actions: readonly string[];
  readonly from: readonly string[];
  /** A date or time as TOML writes it. */
  readonly notAfter: string | undefined;
  /** `undefined` is the default. */
  readonly bind: Bind | undefined;
}

/** The seed that a client changes over from, and until when. */
export interface PreviousSeed {
  /** 64 hexadecimal digits. */
  readonly seed: string;
  readonly until: Date;
}

/** The file of a client of its own. */
export function clientText({ name, seed, actions, from, notAfter, bind }: NewClient): string {
  const lines = [`[clients.${tomlKey(name)}]`, `seed = "${seed}"`, `actions = ${list(actions)}`];
  if (from.length > 0) lines.push(`from = ${list(from)}`);
  if (notAfter !== undefined) lines.push(`not_after = ${notAfter}`);
  if (bind !== undefined) lines.push(`bind = "${bind}"`);
  return `${lines.join('\n')}\n`;
}

/**
 * The file of a client with another seed in it, and the rest as the administrator wrote it.
 * @returns `undefined` if the seed is not alone on one line, where it can be exchanged
 */
export function withSeed(text: string, seed: string, previous: PreviousSeed | undefined): string | undefined {
  const lines = text.split('\n').filter((line) => !/^\s*previous_(seed|until)\s*=/.test(line));
  if (lines.filter((line) => SEED_LINE.test(line)).length !== 1) return undefined;
  const added =
    previous === undefined
      ? []
      : [`previous_seed = "${previous.seed}"`, `previous_until = ${tomlTime(previous.until)}`];
  return lines
    .flatMap((line) => (SEED_LINE.test(line) ? [line.replace(SEED_LINE, `$1"${seed}"`), ...added] : [line]))
    .join('\n');
}

const SEED_LINE = /^(\s*seed\s*=\s*)(?:"[0-9a-f]{64}"|'[0-9a-f]{64}')/i;

/** A key of TOML, in quotes if it needs them. */
export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

function list(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
}

/** To the second. */
function tomlTime(date: Date): string {
  return `${date.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`;
}
