import { EXIT_CODE, type ExitCode } from './exit-code.js';
import { parseCommandLine, type Command } from './options.js';
import { report } from './report.js';

// Not a promise of ours, so a bug; reported like any other, without a stack trace.
process.on('uncaughtException', (error) => process.exit(report(error)));

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});

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
    case 'import': {
      const { importBundle } = await import('./import.js');
      await importBundle(command);
      break;
    }
    case 'keygen': {
      const { keygen } = await import('./keygen.js');
      keygen(command.file);
      break;
    }
    case 'list': {
      const { list } = await import('./list.js');
      await list(command.json);
      break;
    }
    case 'proxy': {
      const { proxy } = await import('./proxy.js');
      await proxy(command);
      break;
    }
    case 'doctor': {
      const { doctor } = await import('./doctor.js');
      await doctor(command.profile);
      break;
    }
    case 'completion': {
      const { completion } = await import('./completion.js');
      await completion(command.shell);
      break;
    }
    case 'words': {
      const { completionWords } = await import('./completion-words.js');
      await completionWords(command.profile);
      break;
    }
    case 'help': {
      const { HELP, IMPORT_HELP } = await import('./help.js');
      const { writeStandardOutput } = await import('../system/standard-output.js');
      await writeStandardOutput(command.about === 'import' ? IMPORT_HELP : HELP);
      break;
    }
    case 'version': {
      const { version } = await import('./version.js');
      const { writeStandardOutput } = await import('../system/standard-output.js');
      await writeStandardOutput(`opener ${version()}\n`);
    }
  }
}
