import { parseArgs } from 'node:util';
import { HELP } from './help.js';
import { ExitCode } from './exit-code.js';

/** A command line that cannot be understood. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

const DEFAULT_CONFIG = '/etc/bouncer/bouncer.toml';

async function main(argv: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parse(argv);
  if (values.help) {
    process.stdout.write(HELP);
    return ExitCode.success;
  }
  if (values.version) {
    const { version } = await import('./version.js');
    process.stdout.write(`bouncer ${await version()}\n`);
    return ExitCode.success;
  }
  const [command, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`unexpected argument "${rest.join(' ')}"`);
  switch (command) {
    case 'run':
      return (await import('./run.js')).run(values.config, values.verbose);
    case 'check':
      return (await import('./check.js')).check(values.config);
    case undefined:
      throw new UsageError('no command given');
    default:
      throw new UsageError(`unknown command "${command}"`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c', default: DEFAULT_CONFIG },
        verbose: { type: 'boolean', short: 'v', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'V', default: false },
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(error.message);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bouncer: ${error.message}\nTry: bouncer --help`);
  process.exitCode = ExitCode.usage;
}
