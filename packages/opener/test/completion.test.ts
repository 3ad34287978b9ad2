import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ClientFolder, profileText } from './support/client-folder.js';
import { opener, OPENER } from './support/opener-process.js';

/** What each shell is told to print the candidates for `$@`, the words so far; the last is not complete. */
const ASK = {
  bash: `eval "$(opener completion bash)"
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _opener
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  // compadd works in the line editor only; what it is given is what zsh offers.
  zsh: `autoload -Uz compinit; compinit -u -D
    eval "$(opener completion zsh)"
    [[ $_comps[opener] == _opener ]] || exit 9
    compadd() { shift; print -rl -- "\${(M)@:#\${words[CURRENT]}*}" }
    words=("$@"); CURRENT=$#
    _opener`,
  fish: `opener completion fish | source
    complete -C "$argv" | string replace -r '\\t.*' ''; true`,
} as const;

type Shell = keyof typeof ASK;

describe('completion', function () {
  this.timeout(30_000);
  let client: ClientFolder;

  before(() => {
    client = new ClientFolder();
    const folder = join(client.root, 'bin');
    mkdirSync(folder);
    writeFileSync(join(folder, 'opener'), `#!/bin/sh\nexec '${process.execPath}' '${OPENER}' "$@"\n`);
    chmodSync(join(folder, 'opener'), 0o755);
    client.write('home.toml', profileText('a.example', 1));
    client.write('hotel.toml', profileText('b.example', 1));
    client.write('work.toml', 'broken');
    // What a shell would run if it were let.
    client.write('h$(touch injected).toml', profileText('c.example', 1));
    client.write('odd.toml', `${profileText('d.example', 1)}"$(touch injected)" = 7\n`);
  });
  after(() => {
    client.remove();
  });

  /** What the shell offers for the last word. */
  function offered(shell: Shell, words: readonly string[]): string[] {
    const args = shell === 'bash' ? ['--norc', '-c'] : shell === 'zsh' ? ['-f', '-c'] : ['--no-config', '-c'];
    // Fish takes the line as one text.
    const given =
      shell === 'fish' ? [words.join(' ')] : [...(shell === 'bash' ? ['bash'] : ['zsh']), ...words];
    const env = { ...client.env, PATH: `${join(client.root, 'bin')}:${process.env['PATH'] ?? ''}` };
    const { stdout, stderr, status, error } = spawnSync(shell, [...args, ASK[shell], ...given], {
      env,
      cwd: client.root,
      encoding: 'utf8',
    });
    if (error !== undefined) throw error;
    expect({ status, stderr }, stdout).to.deep.equal({ status: 0, stderr: '' });
    return stdout.split('\n').filter(Boolean).sort();
  }

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    describe(`of ${shell}`, () => {
      const cases: [what: string, words: string, expected: string[]][] = [
        ['profiles', 'opener ho', ['home', 'hotel']],
        ['subcommands', 'opener pr', ['proxy']],
        ['the actions of a profile', 'opener home ', ['ssh', 'vpn']],
        ['the actions after options and their values', 'opener -v -p 1 --for 1m home v', ['vpn']],
        ['profiles and actions after send', 'opener send hot', ['hotel']],
        ['actions after send', 'opener send home s', ['ssh']],
        ['profiles for doctor', 'opener doctor hom', ['home']],
        ['shells', 'opener completion z', ['zsh']],
        ['long options', 'opener home --no', ['--no-wait']],
        ['the options of import', 'opener import --pass', ['--passphrase-file']],
        ['the options of list', 'opener list --j', ['--json']],
        ['no option of import elsewhere', 'opener home --forc', []],
        ['what proxy takes', 'opener proxy --ip', ['--ipv4', '--ipv6']],
        ['no option that proxy refuses', 'opener proxy --no', []],
        ['no option of sending after doctor', 'opener doctor --p', ['--profile']],
        ['nothing for a profile that cannot be read', 'opener work ', []],
        ['no name that would run as a command', 'opener odd ', ['ssh', 'vpn']],
      ];
      for (const [what, words, expected] of cases) {
        it(`offers ${what}`, () => {
          expect(offered(shell, words.split(' '))).to.deep.equal(expected);
          expect(existsSync(join(client.root, 'injected'))).to.equal(false);
        });
      }
    });
  }

  it('of another shell is refused', async () => {
    const { exitCode, stderr } = await opener(['completion', 'csh'], client);
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('completion expected bash, zsh or fish, got "csh"\n');
  });
});
