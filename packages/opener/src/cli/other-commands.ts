import { EXIT_CODE, type ExitCode } from './exit-code.js';
import type { Command } from './options.js';
import { carryOut } from './report.js';

/**
 * Runs a command that sends no packet by itself; loads only the modules that it takes. It reports what goes
 * wrong, since the package has it in a bundle of its own, whose refusals nobody else knows.
 */
export async function runOther(command: Exclude<Command, { readonly kind: 'send' }>): Promise<ExitCode> {
  return carryOut(async () => {
    switch (command.kind) {
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
    return EXIT_CODE.done;
  });
}
