import { COMMANDS } from './commands.js';
import { ExitCode } from './exit-code.js';
import { UsageError } from './usage-error.js';

async function main([name = '', ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === '--help' || name === '-h') {
    const { generalHelp } = await import('./help.js');
    process.stdout.write(generalHelp());
    return ExitCode.success;
  }
  if (name === '--version' || name === '-V') {
    const { version } = await import('../system/version.js');
    process.stdout.write(`bouncer ${await version()}\n`);
    return ExitCode.success;
  }
  if (name === '' || name.startsWith('-')) throw new UsageError('no command given');
  const entry = COMMANDS.find((known) => known.name === name);
  if (entry === undefined) throw new UsageError(`unknown command "${name}"`);
  const { command } = await entry.load();
  return command(rest);
}

/** Has what is wrong with the command line told, with where to read on. */
async function run(argv: readonly string[]): Promise<ExitCode> {
  try {
    return await main(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const command = error.command ?? COMMANDS.find(({ name }) => name === argv[0])?.name;
    const help = ['bouncer', ...(command === undefined ? [] : [command]), '--help'].join(' ');
    console.error(`bouncer: ${error.message}\nTry: ${help}`);
    return ExitCode.usage;
  }
}

const argv = process.argv.slice(2);
if (argv[0] !== 'run') {
  // Whoever reads has had enough, such as head(1). The daemon's log sees to that itself.
  process.stdout.once('error', () => process.exit());
}
void run(argv).then((code) => {
  process.exitCode = code;
});
