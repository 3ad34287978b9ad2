/**
 * Makes the man pages of their text in docs/man. There, a line `.\" help: COMMAND` stands for what
 * `COMMAND --help` says, so that the pages name the options that there are; `.\" commands: PROGRAM` for
 * that of each of its commands, and of theirs; `.\" file: PATH` for a file of the repository.
 *
 *   node build/tools/man.js [FOLDER [PAGE...]]      default: build/man, and all pages
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCE = join(ROOT, 'docs', 'man');

/** A row of two columns: options or a command, and what they do. */
const ROW = /^ {2,7}(\S(?:.*?\S)?) {2,}(\S.*)$/;

const [folder = join(ROOT, 'build', 'man'), ...pages] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (const name of pages.length > 0 ? pages : readdirSync(SOURCE)) {
  writeFileSync(join(folder, name), complete(readFileSync(join(SOURCE, name), 'utf8')));
}

/** A page with what its placeholders stand for. */
function complete(page: string): string {
  return page
    .replaceAll(/^\.\\" help: (.+)\n/gm, (_, command: string) => helpAsMdoc(helpOf(command)))
    .replaceAll(/^\.\\" commands: (.+)\n/gm, (_, program: string) => commandsOf(program))
    .replaceAll(/^\.\\" file: (.+)\n/gm, (_, path: string) =>
      literal(readFileSync(join(ROOT, path), 'utf8')),
    );
}

/** What a command says with --help. */
function helpOf(command: string): string {
  const [program = '', ...words] = command.split(' ');
  const script = join(ROOT, 'packages', program, 'bin', `${program}.js`);
  return execFileSync(process.execPath, [script, ...words, '--help'], { encoding: 'utf8' });
}

/** The help of each command of a program under its own heading. */
function commandsOf(program: string): string {
  const [, list = ''] = /^Commands:\n((?: .*\n)+)/m.exec(helpOf(program)) ?? [];
  const commands = Array.from(list.matchAll(/^ {2}(\S+)/gm), ([, name = '']) => `${program} ${name}`);
  return commands
    .map((command) => {
      const help = helpOf(command);
      return /^Commands:$/m.test(help) ? commandsOf(command) : `.Ss ${words(command)}\n${helpAsMdoc(help)}`;
    })
    .join('');
}

/** Help as mdoc(7): rows become a tagged list; lines that stand in from the margin are shown as they are. */
function helpAsMdoc(help: string): string {
  const lines: string[] = [];
  // What a line that stands in deeply goes on with.
  let open: 'list' | 'text' | undefined;
  const turnTo = (next: typeof open): void => {
    if (open === 'list' && next !== 'list') lines.push('.El');
    if (open !== 'list' && next === 'list') lines.push('.Bl -tag -width Ds');
    open = next;
  };
  for (const line of help
    .replace(/^usage: /i, '       ')
    .trimEnd()
    .split('\n')) {
    const [, first, second] = ROW.exec(line) ?? [];
    if (first !== undefined && second !== undefined) {
      turnTo('list');
      lines.push(`.It ${term(first)}`, second.startsWith('-') ? `.It ${term(second)}` : text(second));
    } else if (open !== undefined && /^ {8}/.test(line)) {
      lines.push(text(line.trim()));
    } else if (/^[^ :].*[^:]$/.test(line)) {
      turnTo('text');
      lines.push(text(line));
    } else {
      turnTo(undefined);
      if (line === '') lines.push('.Pp');
      else lines.push(line.startsWith(' ') ? `.Dl ${words(line.trim())}` : `.Sy ${words(line.slice(0, -1))}`);
    }
  }
  turnTo(undefined);
  return `${lines.join('\n')}\n`;
}

/** The first column of a row: options with their values, or a command line. */
function term(column: string): string {
  if (!column.startsWith('-')) return `Ic ${words(column)}`;
  return column
    .split(', ')
    .map((option) =>
      option.replace(/^-(\S+)(?: (.*))?$/, (_, name: string, value = '') => `Fl ${name} Ar ${value}`),
    )
    .map((macro) => macro.replace(/ Ar $/, ''))
    .join(' , ');
}

/** Text on a line of its own. */
function text(line: string): string {
  return line.replaceAll('\\', '\\e').replace(/^(?=[.'])/, '\\&');
}

/** Text behind a macro, where what looks like another macro would be taken for one. */
function words(line: string): string {
  return text(line)
    .replaceAll('"', '\\(dq')
    .replaceAll(/(?<=^| )(?=[A-Z][a-z]( |$))/g, '\\&');
}

/** Lines that are shown as they are. */
function literal(content: string): string {
  return `.Bd -literal\n${content.trimEnd().split('\n').map(text).join('\n')}\n.Ed\n`;
}
