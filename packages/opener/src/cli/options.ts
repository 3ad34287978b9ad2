import { OWN_SOURCE, parseActingAddress } from '../core/address.js';
import { checkArgument } from '../core/argument.js';
import { parseDuration } from '../core/duration.js';
import { isHost } from '../core/host.js';
import { parsePort } from '../core/port.js';
import { chooseProfile, type ProfileChoice } from '../core/profile-choice.js';
import { quoted } from '../core/quote.js';
import type { Family, NamedAddress, RequestOptions } from '../core/request.js';
import { isWrittenSecret } from '../core/secret-text.js';
import { parseTtl, type Sending } from '../core/sending.js';
import { parseTcpDoor, type WaitOption } from '../core/wait-choice.js';
import { allowOnly, OPTIONS_OF, refuseSurplus, sortWords, usage, type Words } from './words.js';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help'; readonly about?: 'import' }
  | { readonly kind: 'version' }
  | { readonly kind: 'keygen'; readonly file: string }
  | { readonly kind: 'list'; readonly json: boolean }
  | { readonly kind: 'doctor'; readonly profile: ProfileChoice }
  | { readonly kind: 'completion'; readonly shell: Shell }
  | { readonly kind: 'words'; readonly profile: string | undefined }
  | ImportCommand
  | SendCommand
  | ProxyCommand;

export interface ImportCommand {
  readonly kind: 'import';
  /** A file, a bundle that needs a passphrase, or "-" for standard input. */
  readonly source: string;
  /** What the profile is to be called; `undefined` means by its host. */
  readonly name: string | undefined;
  /** Whether a profile of that name is replaced. */
  readonly force: boolean;
  readonly passphraseFile: string | undefined;
}

export type Shell = 'bash' | 'zsh' | 'fish';

interface Knocking {
  readonly profile: ProfileChoice;
  /** "-" is standard input; `undefined` means the profile's seed. */
  readonly keyFile: string | undefined;
  readonly request: RequestOptions;
  readonly sending: Sending;
  readonly verbose: boolean;
}

export interface SendCommand extends Knocking {
  readonly kind: 'send';
  readonly wait: WaitOption;
  readonly print: boolean;
}

export interface ProxyCommand extends Knocking {
  readonly kind: 'proxy';
  /** The TCP port to open and to relay to. */
  readonly port: number;
}

const PROXY_HINT = 'ssh -o "ProxyCommand opener proxy %h %p" HOST';

/** ssh tells the name of the host alone; the profile's name stands for one as well. */
const PROXY_WAY_OUT = 'name one in its Host block of ~/.ssh/config: ProxyCommand opener proxy PROFILE %p';

/**
 * Reads the command line.
 * @param args without the interpreter and the script
 * @throws {Refusal} for the first thing that is wrong
 */
export async function parseCommandLine(args: readonly string[]): Promise<Command> {
  const [first] = args;
  const read = first === undefined ? undefined : SUBCOMMANDS.get(first);
  const words = sortWords(read === undefined ? args : args.slice(1));
  if (words.options.has('help'))
    return first === 'import' ? { kind: 'help', about: 'import' } : { kind: 'help' };
  if (words.options.has('version')) return { kind: 'version' };
  return await (read ?? sendCommand)(words);
}

const COMPLETION_WORDS = 'completion-words';

/** How each subcommand reads its words. A profile of such a name needs `send` before it. */
const SUBCOMMANDS = new Map<string, (words: Words) => Command | Promise<Command>>([
  ['send', sendCommand],
  ['import', importCommand],
  ['list', listCommand],
  ['proxy', proxyCommand],
  ['doctor', doctorCommand],
  ['completion', completionCommand],
  ['keygen', keygenCommand],
  // What the completion scripts ask, and nobody else.
  [COMPLETION_WORDS, wordsCommand],
]);

/** The subcommands that people use. */
export const SUBCOMMAND_NAMES = [...SUBCOMMANDS.keys()].filter((name) => name !== COMPLETION_WORDS);

function keygenCommand({ options, positionals }: Words): Command {
  const [file, ...others] = positionals;
  if (file === undefined || file === '' || others.length > 0 || options.size > 0) {
    throw usage('keygen expected the name of one new file and nothing else', 'opener keygen alice.seed');
  }
  return { kind: 'keygen', file };
}

function importCommand({ options, positionals }: Words): Command {
  allowOnly('import', options, OPTIONS_OF.import);
  const [source, ...others] = positionals;
  if (source === undefined || source === '' || others.length > 0) {
    throw usage('import expected one bundle: a file, or - for standard input', 'opener import alice.toml');
  }
  return {
    kind: 'import',
    source,
    name: options.get('name'),
    force: options.has('force'),
    passphraseFile: options.get('passphrase-file'),
  };
}

function listCommand({ options, positionals }: Words): Command {
  allowOnly('list', options, OPTIONS_OF.list);
  refuseSurplus(positionals, 'opener list --json');
  return { kind: 'list', json: options.has('json') };
}

function doctorCommand({ options, positionals }: Words): Command {
  allowOnly('doctor', options, OPTIONS_OF.doctor);
  const file = readFileName(options, 'profile');
  const [name, ...others] = file === undefined ? positionals : [undefined, ...positionals];
  refuseSurplus(others, 'opener doctor PROFILE');
  return { kind: 'doctor', profile: chooseProfile(file, name, undefined) };
}

function completionCommand({ options, positionals }: Words): Command {
  allowOnly('completion', options, OPTIONS_OF.completion);
  const [shell, ...others] = positionals;
  refuseSurplus(others, 'opener completion bash');
  if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish') {
    const got = shell === undefined ? 'none' : quoted(shell);
    throw usage(`completion expected bash, zsh or fish, got ${got}`, 'eval "$(opener completion bash)"');
  }
  return { kind: 'completion', shell };
}

function wordsCommand({ options, positionals }: Words): Command {
  allowOnly('completion-words', options, []);
  return { kind: 'words', profile: positionals[0] };
}

async function proxyCommand({ options, positionals }: Words): Promise<ProxyCommand> {
  allowOnly('proxy', options, OPTIONS_OF.proxy);
  const [host, port, ...others] = positionals;
  refuseSurplus(others, PROXY_HINT);
  if (host === undefined || port === undefined) throw usage('proxy expected a host and a port', PROXY_HINT);
  const file = readFileName(options, 'profile');
  const profile = chooseProfile(file, undefined, checkHost(host), PROXY_WAY_OUT);
  return {
    kind: 'proxy',
    port: parsePort(port),
    // A profile that was found by the host has it, or has that name and knows the real one.
    ...(await readKnocking(options, profile, file && host)),
  };
}

async function sendCommand({ options, positionals }: Words): Promise<SendCommand> {
  if (options.has('json')) throw usage('--json is for list', 'opener list --json');
  for (const option of OPTIONS_OF.import) {
    if (options.has(option)) throw usage(`--${option} is for import`, 'opener import --help');
  }
  const file = readFileName(options, 'profile');
  // An explicit file leaves only the action to be named.
  const [name, action, ...others] = file === undefined ? positionals : [undefined, ...positionals];
  refuseSurplus(others, 'opener PROFILE ACTION');
  if (action !== undefined && options.has('action')) {
    throw usage(`two actions are given, ${quoted(action)} and ${quoted(options.get('action') ?? '')}`);
  }
  const destination = options.get('destination');
  const host = destination === undefined ? undefined : checkHost(destination);
  const print = options.has('print');
  if (print && options.has('wait')) throw usage('--print sends nothing, so there is nothing to wait for');
  return {
    kind: 'send',
    ...(await readKnocking(options, chooseProfile(file, name, host), host, action)),
    wait: readWait(options),
    print,
  };
}

async function readKnocking(
  options: Words['options'],
  profile: ProfileChoice,
  host: string | undefined,
  action?: string,
): Promise<Knocking> {
  const duration = options.get('for');
  const port = options.get('port');
  return {
    profile,
    keyFile: readKeyFile(options),
    request: {
      host,
      port: port === undefined ? undefined : parsePort(port),
      family: readFamily(options),
      action: options.get('action') ?? action,
      duration: duration === undefined ? undefined : parseDuration(duration),
      address: await readAllow(options),
      argument: checkArgument(options.get('arg') ?? ''),
    },
    sending: await readSending(options),
    verbose: options.has('verbose'),
  };
}

async function readAllow(options: Words['options']): Promise<NamedAddress> {
  const text = options.get('allow');
  return text === undefined || text === OWN_SOURCE ? text : parseActingAddress(text);
}

async function readSending(options: Words['options']): Promise<Sending> {
  const source = options.get('source');
  const port = options.get('source-port');
  const ttl = options.get('ttl');
  return {
    source: source === undefined ? undefined : (await parseActingAddress(source)).text,
    sourcePort: port === undefined ? undefined : parsePort(port),
    ttl: ttl === undefined ? undefined : parseTtl(ttl),
  };
}

function readWait(options: Words['options']): WaitOption {
  const door = options.get('wait');
  if (door === undefined) return options.has('no-wait') ? 'never' : undefined;
  if (options.has('no-wait')) throw usage('--wait and --no-wait exclude each other');
  return parseTcpDoor(door);
}

function checkHost(host: string): string {
  if (isHost(host)) return host;
  throw usage(`destination expected a host name or an address without brackets, got ${quoted(host)}`);
}

function readFamily(options: Words['options']): Family {
  if (options.has('ipv4') && options.has('ipv6')) throw usage('-4 and -6 exclude each other');
  if (options.has('ipv4')) return 4;
  return options.has('ipv6') ? 6 : 0;
}

function readKeyFile(options: Words['options']): string | undefined {
  const file = readFileName(options, 'key');
  if (file !== undefined && isWrittenSecret(file)) {
    throw usage(
      '-k expected the name of a file, got what looks like a seed itself',
      'every user of this machine can see a command line; take a new seed, and put it into a file',
    );
  }
  return file;
}

function readFileName(options: Words['options'], option: 'key' | 'profile'): string | undefined {
  const file = options.get(option);
  if (file === '') throw usage(`--${option} expected the name of a file, got none`);
  return file;
}
