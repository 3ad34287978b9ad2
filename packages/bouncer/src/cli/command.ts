import { parseArgs } from 'node:util';
import { commandHelp } from './help.js';
import { ExitCode } from './exit-code.js';
import { UsageError } from './usage-error.js';

/** One option of a command, as parseArgs reads it and as the help shows it. */
export interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean | string[];
  /** What stands for the value in the help, such as `FILE`. */
  readonly value?: string;
  /** Half a sentence for the help. */
  readonly text: string;
}

export type Options = Readonly<Record<string, Option>>;

/** What the options came to; one without a default may be missing. */
type Values<Of extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: Of }>
>['values'];

/** Everything about one command: what it takes, what it says about itself, what it does. */
export interface Definition<Of extends Options> {
  /** The command line, such as `bouncer check [OPTIONS]`. */
  readonly usage: string;
  /** What stands below the usage in the help. */
  readonly about: string;
  readonly options: Of;
  /** Command lines that can be copied, for the end of the help. */
  readonly examples: readonly string[];
  /**
   * @param words what is not an option
   * @throws {UsageError} if the words are not what the command takes
   */
  run(values: Values<Of>, words: readonly string[]): Promise<ExitCode>;
}

/** A command that is ready to be given the rest of the command line. */
export type Command = (args: readonly string[]) => Promise<ExitCode>;

const HELP_OPTION = { type: 'boolean', short: 'h', text: 'show this help' } as const;

export const CONFIG_OPTION = {
  type: 'string',
  short: 'c',
  default: '/etc/bouncer/bouncer.toml',
  value: 'FILE',
  text: 'config file (default: /etc/bouncer/bouncer.toml)',
} as const;

/** Makes a command of its definition; `--help` comes by itself. */
export function defineCommand<const Of extends Options>(definition: Definition<Of>): Command {
  return async (args) => {
    const options = { ...definition.options, help: HELP_OPTION };
    let parsed;
    try {
      parsed = parseArgs({ args: [...args], allowPositionals: true, options });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new UsageError(complaintOf(error));
    }
    if ('help' in parsed.values) {
      process.stdout.write(commandHelp({ ...definition, options }));
      return ExitCode.success;
    }
    return definition.run(parsed.values as Values<Of>, parsed.positionals);
  };
}

/** What parseArgs complains of, in a few words; its own are up to three lines. */
function complaintOf({ message }: TypeError): string {
  const [, option] = /'(-[^'<]*?)(?: <value>)?'/.exec(message) ?? [];
  if (option === undefined) return message;
  if (message.startsWith('Unknown option')) return `unknown option ${option}`;
  return `${option} ${message.includes('does not take an argument') ? 'takes no value' : 'needs a value'}`;
}

/** For a command that takes options only. */
export function expectNoWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`unexpected argument "${words.join(' ')}"`);
}
