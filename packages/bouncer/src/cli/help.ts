import type { Definition, Options } from './command.js';
import { COMMANDS, type CommandEntry } from './commands.js';

/** The help of `bouncer` itself. */
export function generalHelp(): string {
  const commands = COMMANDS.map(({ name, summary }) => [name, summary] as const);
  return `Usage: bouncer COMMAND [OPTIONS]

Runs the action that one encrypted datagram names, without an open port.

Commands:
${table(commands)}
  -h, --help (behind a command: that of the command)     -V, --version
Exit status: 0 all went well, 1 it did not, 2 the command line is wrong

  bouncer check -c ./bouncer.toml
`;
}

/** The help of a command that has commands of its own. */
export function groupHelp(name: string, commands: readonly CommandEntry[]): string {
  return `Usage: bouncer ${name} COMMAND [OPTIONS]

Commands:
${table(commands.map((entry) => [entry.name, entry.summary] as const))}
Try: bouncer ${name} COMMAND --help
`;
}

/** The help of one command. */
export function commandHelp({ usage, about, options, examples }: Omit<Definition<Options>, 'run'>): string {
  const rows = Object.entries(options).map(([name, { short, value, text }]) => {
    const long = value === undefined ? `--${name}` : `--${name} ${value}`;
    return [short === undefined ? `    ${long}` : `-${short}, ${long}`, text] as const;
  });
  return `Usage: ${usage}

${about}

Options:
${table(rows)}
Examples:
${examples.map((line) => `  ${line}\n`).join('')}`;
}

/** Two columns, a row a line. */
function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}\n`).join('');
}
