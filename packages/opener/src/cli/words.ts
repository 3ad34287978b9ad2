import { parseArgs, type ParseArgsConfig } from 'node:util';
import { quoted } from '../core/quote.js';
import { Refusal } from '../core/refusal.js';

/** All options there are. */
export const OPTIONS = {
  destination: { type: 'string', short: 'd' },
  port: { type: 'string', short: 'p' },
  action: { type: 'string', short: 'f' },
  key: { type: 'string', short: 'k' },
  profile: { type: 'string' },
  ipv4: { type: 'boolean', short: '4' },
  ipv6: { type: 'boolean', short: '6' },
  allow: { type: 'string' },
  for: { type: 'string' },
  arg: { type: 'string' },
  wait: { type: 'string' },
  'no-wait': { type: 'boolean' },
  source: { type: 'string' },
  'source-port': { type: 'string' },
  ttl: { type: 'string' },
  json: { type: 'boolean' },
  name: { type: 'string' },
  force: { type: 'boolean' },
  'passphrase-file': { type: 'string' },
  print: { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const satisfies ParseArgsConfig['options'];

export type OptionName = keyof typeof OPTIONS;

/** What each subcommand takes besides --help and --version; sending takes what only one of them does not. */
export const OPTIONS_OF = {
  import: ['name', 'force', 'passphrase-file'],
  list: ['json'],
  proxy: ['port', 'action', 'key', 'profile', 'ipv4', 'ipv6', 'for', 'arg', 'verbose'],
  doctor: ['profile'],
  completion: [],
  keygen: [],
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;

/** The words of the command line, sorted, and each option at most once. */
export interface Words {
  /** The value as given; a switch has the empty text. */
  readonly options: ReadonlyMap<OptionName, string>;
  readonly positionals: readonly string[];
}

/** parseArgs reports in its own words, and takes an option twice; hence its tokens, judged here. */
export function sortWords(args: readonly string[]): Words {
  const options = new Map<OptionName, string>();
  const positionals: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    if (!isOption(name)) throw usage(`unknown option ${rawName}`, 'opener --help');
    if (options.has(name)) throw usage(`${rawName} is given twice`);
    if (OPTIONS[name].type === 'boolean') {
      if (value !== undefined) throw usage(`${rawName} takes no value`);
    } else if (value === undefined) {
      throw usage(`${rawName} needs a value`);
    } else if (!inlineValue && /^-./.test(value)) {
      // Most likely the value was forgotten and the next option stands in its place.
      throw usage(
        `${rawName} needs a value, and ${quoted(value)} looks like an option`,
        hintToJoin(name, value),
      );
    }
    options.set(name, value ?? '');
  }
  return { options, positionals };
}

function hintToJoin(name: OptionName, value: string): string {
  return `if it is the value, write --${name}=${value}`;
}

function isOption(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

export function allowOnly(command: string, options: Words['options'], allowed: readonly OptionName[]): void {
  for (const name of options.keys()) {
    if (!allowed.includes(name)) throw usage(`${command} takes no --${name}`, 'opener --help');
  }
}

export function refuseSurplus([surplus]: readonly (string | undefined)[], hint: string): void {
  if (surplus !== undefined) throw usage(`unexpected ${quoted(surplus)}`, hint);
}

export function usage(sentence: string, hint?: string): Refusal {
  return new Refusal('usage', { sentence, hint });
}
