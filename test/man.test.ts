import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PLACEHOLDERS } from '@bouncer-spa/bouncer/dist/core/template.js';
import { BOUNCER, OPENER, repositoryPath } from './support/paths.js';

const PAGES = ['bouncer.8', 'bouncer.toml.5', 'opener.1'];

describe('The man page', function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-man-'));
    execFileSync(process.execPath, [repositoryPath('build/tools/man.js'), folder]);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('is made of each text in docs/man', () => {
    expect(readdirSync(folder).sort()).to.deep.equal(PAGES);
  });

  for (const page of PAGES) {
    it(`${page} is one that groff has no warning about`, () => {
      expect(rendered(page).stderr).to.equal('');
    });
  }

  it('opener.1 has the options that opener --help has, and no others', () => {
    const helps = [help(OPENER), help(OPENER, 'import')];
    expect(optionsOf(section('opener.1', 'OPTIONS'))).to.deep.equal(optionsOf(helps.join('\n')));
  });

  it('bouncer.8 has the commands and options that bouncer --help has, and no others', () => {
    const commands = commandsOf([]);
    expect(commands).to.include.members(['run', 'check', 'client add']);
    const page = section('bouncer.8', 'COMMANDS');
    expect(Array.from(page.matchAll(/^ {3}bouncer (\S.*)$/gm), ([, name]) => name)).to.deep.equal(commands);
    const helps = commands.map((command) => help(BOUNCER, ...command.split(' ')));
    expect(optionsOf(page)).to.deep.equal(optionsOf(helps.join('\n')));
  });

  it('bouncer.toml.5 has every placeholder', () => {
    const actions = section('bouncer.toml.5', 'ACTIONS');
    const names = Array.from(actions.matchAll(/^ +\{(\w+)\} +BOUNCER_(\w+)/gm), ([, name = '', variable]) => {
      expect(variable).to.equal(name.toUpperCase());
      return name;
    });
    expect(names.sort()).to.deep.equal([...PLACEHOLDERS].sort());
  });

  for (const [name, pages] of [
    ['opener', ['man/opener.1']],
    ['bouncer', ['man/bouncer.8', 'man/bouncer.toml.5']],
  ] as const) {
    it(`goes into the npm package of ${name}`, () => {
      const argv = ['pack', '--dry-run', '--json', '--workspace', `packages/${name}`];
      const output = execFileSync('npm', argv, { cwd: repositoryPath(''), encoding: 'utf8' });
      const [packed] = JSON.parse(output) as { files: { path: string }[] }[];
      expect(packed?.files.map(({ path }) => path)).to.include.members([...pages]);
    }).timeout(60_000);
  }

  function rendered(page: string): { stdout: string; stderr: string } {
    // Wide, so that no option is broken into two lines; plain, without overstriking.
    const env = { PATH: process.env['PATH'], MANWIDTH: '500', LC_ALL: 'C.UTF-8' };
    const argv = ['--warnings', '-E', 'ascii', '-P', 'cat', '-l', join(folder, page)];
    return spawnSync('man', argv, { encoding: 'utf8', env });
  }

  /** The lines below a heading. */
  function section(page: string, heading: string): string {
    const [, lines] = new RegExp(`^${heading}\n((?: .*\n|\n)+)`, 'm').exec(rendered(page).stdout) ?? [];
    if (lines === undefined) throw new Error(`${page} has no section ${heading}`);
    return lines;
  }
});

function help(program: string, ...command: string[]): string {
  return execFileSync(process.execPath, [program, ...command, '--help'], { encoding: 'utf8' });
}

/** The commands of bouncer, and those of a command that has some instead of itself. */
function commandsOf(group: readonly string[]): string[] {
  const [, list] = /^Commands:\n((?: .*\n)+)/m.exec(help(BOUNCER, ...group)) ?? [];
  if (list === undefined) return [group.join(' ')];
  return Array.from(list.matchAll(/^ {2}(\S+)/gm)).flatMap(([, name = '']) => commandsOf([...group, name]));
}

/** The options that a text names, each once. */
function optionsOf(text: string): string[] {
  return [...new Set(text.match(/(?<![\w.-])--?[a-zA-Z0-9][\w-]*/g))].sort();
}
