import { EXIT_CODE, type ExitCode } from './exit-code.js';
import { parseCommandLine } from './options.js';
import { carryOut, report } from './report.js';
import { hasSaid } from './say.js';
import { send } from './send.js';

// Not a promise of ours, so a bug; reported like any other, without a stack trace.
process.on('uncaughtException', (error) => process.exit(report(error)));

// Node.js ends with 0 when there is nothing left to wait for, even in the middle of a command.
process.once('beforeExit', giveUp);

void carryOut(() => run(process.argv.slice(2))).then((exitCode) => {
  process.off('beforeExit', giveUp);
  process.exitCode = exitCode;
});

function giveUp(): void {
  process.exitCode = report(new Error('there is nothing left to wait for, but the command is not done'));
}

async function run(args: readonly string[]): Promise<ExitCode> {
  const command = await parseCommandLine(args);
  if (command.kind !== 'send') {
    // Loaded here because sending, which is to be quick, does without.
    const { runOther } = await import('./other-commands.js');
    return runOther(command);
  }
  await send(command);
  // Nothing is left to be done or written, but a turn of the event loop would first collect garbage.
  if (!hasSaid()) process.exit(EXIT_CODE.done);
  return EXIT_CODE.done;
}
