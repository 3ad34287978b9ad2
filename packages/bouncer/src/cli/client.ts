import type { Command } from './command.js';
import type { CommandEntry } from './commands.js';
import { ExitCode } from './exit-code.js';
import { groupHelp } from './help.js';
import { UsageError } from './usage-error.js';

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'add',
    summary: 'make a client, and print its bundle once',
    load: () => import('./client-add.js'),
  },
  { name: 'list', summary: 'who may do what, and until when', load: () => import('./client-list.js') },
  {
    name: 'rotate',
    summary: 'give a client a new seed; the old one is good for some days more',
    load: () => import('./client-rotate.js'),
  },
  { name: 'remove', summary: 'end a client at once', load: () => import('./client-remove.js') },
];

/** `bouncer client`: the commands that change who may send. */
export const command: Command = async ([name = '', ...rest]) => {
  if (name === '--help' || name === '-h') {
    process.stdout.write(groupHelp('client', COMMANDS));
    return ExitCode.success;
  }
  const entry = COMMANDS.find((known) => known.name === name);
  if (entry === undefined) {
    throw new UsageError(name === '' ? 'no command given' : `unknown command "client ${name}"`);
  }
  const { command: run } = await entry.load();
  try {
    return await run(rest);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, `client ${entry.name}`) : error;
  }
};
