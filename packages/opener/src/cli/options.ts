import { parseArgs, type ParseArgsConfig } from 'node:util';
import { parseActingAddress } from '../core/address.js';
import { checkArgument } from '../core/argument.js';
import { parseDuration } from '../core/duration.js';
import { isHost } from '../core/host.js';
import { parsePort } from '../core/port.js';
import { chooseProfile, type ProfileChoice } from '../core/profile-choice.js';
import { quoted } from '../core/quote.js';
import { Refusal } from '../core/refusal.js';
import type { Family, RequestOptions } from '../core/request.js';
import { isWrittenSecret } from '../core/secret-text.js';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'keygen'; readonly file: string }
  | SendCommand;

export interface SendCommand {
  readonly kind: 'send';
  readonly profile: ProfileChoice;
  /** "-" is standard input; `undefined` means the profile's seed. */
  readonly keyFile: string | undefined;
  readonly request: RequestOptions;
  readonly print: boolean;
  readonly verbose: boolean;
}

const OPTIONS = {
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
  print: { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const satisfies ParseArgsConfig['options'];

type OptionName = keyof typeof OPTIONS;

/** The words of the command line, sorted, and each option at most once. */
interface Words {
  /** The value as given; a switch has the empty text. */
  readonly options: ReadonlyMap<OptionName, string>;
  readonly positionals: readonly string[];
}

/**
 * Reads the command line.
 * @param args without the interpreter and the script
 * @throws {Refusal} for the first thing that is wrong
 */
export async function parseCommandLine(args: readonly string[]): Promise<Command> {
  const [first] = args;
  const isSubcommand = first === 'send' || first === 'keygen';
  const words = sortWords(isSubcommand ? args.slice(1) : args);
  if (words.options.has('help')) return { kind: 'help' };
  if (words.options.has('version')) return { kind: 'version' };
  return first === 'keygen' ? keygenCommand(words) : await sendCommand(words);
}

function keygenCommand({ options, positionals }: Words): Command {
  const [file, ...others] = positionals;
  if (file === undefined || file === '' || others.length > 0 || options.size > 0) {
    throw new Refusal('usage', {
      sentence: 'keygen expected the name of one new file and nothing else',
      hint: 'opener keygen alice.seed',
    });
  }
  return { kind: 'keygen', file };
}

async function sendCommand({ options, positionals }: Words): Promise<SendCommand> {
  const file = options.get('profile');
  // An explicit file leaves only the action to be named.
  const [name, action, ...others] = file === undefined ? positionals : [undefined, ...positionals];
  const [surplus] = others;
  if (surplus !== undefined) throw usage(`unexpected ${quoted(surplus)}`, 'opener PROFILE ACTION');
  if (action !== undefined && options.has('action')) {
    throw usage(`two actions are given, ${quoted(action)} and ${quoted(options.get('action') ?? '')}`);
  }
  if (file === '') throw usage('--profile expected the name of a file, got none');
  const host = options.get('destination');
  if (host !== undefined && !isHost(host)) {
    throw usage(`destination expected a host name or an address without brackets, got ${quoted(host)}`);
  }
  const duration = options.get('for');
  const address = options.get('allow');
  const port = options.get('port');
  return {
    kind: 'send',
    profile: chooseProfile(file, name, host),
    keyFile: readKeyFile(options),
    request: {
      host,
      port: port === undefined ? undefined : parsePort(port),
      family: readFamily(options),
      action: options.get('action') ?? action,
      duration: duration === undefined ? undefined : parseDuration(duration),
      address: address === undefined ? undefined : await parseActingAddress(address),
      argument: checkArgument(options.get('arg') ?? ''),
    },
    print: options.has('print'),
    verbose: options.has('verbose'),
  };
}

function readFamily(options: Words['options']): Family {
  if (options.has('ipv4') && options.has('ipv6')) throw usage('-4 and -6 exclude each other');
  if (options.has('ipv4')) return 4;
  return options.has('ipv6') ? 6 : 0;
}

function readKeyFile(options: Words['options']): string | undefined {
  const file = options.get('key');
  if (file === '') throw usage('-k expected the name of a file, got none');
  if (file !== undefined && isWrittenSecret(file)) {
    throw usage(
      '-k expected the name of a file, got what looks like a seed itself',
      'every user of this machine can see a command line; take a new seed, and put it into a file',
    );
  }
  return file;
}

/** parseArgs reports in its own words, and takes an option twice; hence its tokens, judged here. */
function sortWords(args: readonly string[]): Words {
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

function usage(sentence: string, hint?: string): Refusal {
  return new Refusal('usage', { sentence, hint });
}
