import { EXIT_CODE, type ExitCode } from './exit-code.js';
import { parseCommandLine, type Command } from './options.js';
import { report } from './report.js';

// Not a promise of ours, so a bug; reported like any other, without a stack trace.
process.on('uncaughtException', (error) => process.exit(report(error)));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<ExitCode> {
  try {
    await run(await parseCommandLine(args));
    return EXIT_CODE.done;
  } catch (error) {
    return report(error);
  }
}

/** Runs a command; loads only the modules that it takes. */
async function run(command: Command): Promise<void> {
  switch (command.kind) {
    case 'send': {
      const { send } = await import('./send.js');
      await send(command);
      break;
    }
    case 'keygen': {
      const { keygen } = await import('./keygen.js');
      keygen(command.file);
      break;
    }
    case 'help': {
      const { HELP } = await import('./help.js');
      const { writeStandardOutput } = await import('../system/standard-output.js');
      await writeStandardOutput(HELP);
      break;
    }
    case 'version': {
      const { version } = await import('./version.js');
      const { writeStandardOutput } = await import('../system/standard-output.js');
      await writeStandardOutput(`opener ${version()}\n`);
    }
  }
}
