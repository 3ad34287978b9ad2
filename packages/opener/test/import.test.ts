import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gateKey, seed } from '@bouncer-spa/protocol';
import { sealBundle, writeBundle, type Bundle } from '@bouncer-spa/protocol/bundle';
import { expect } from 'chai';
import { ClientFolder, GATE_KEY, SEED } from './support/client-folder.js';
import { opener, OPENER, type Outcome } from './support/opener-process.js';

const PASSPHRASE = 'correct horse';

const PROFILE = `host = "gw1.example.net"
port = 51324
server_id = "gate"

[actions]
vpn = 23

[actions.ssh]
code = 21
opens = ["tcp/22"]
`;

const WHOLE = `gate_key = "${GATE_KEY}"\nseed = "${SEED}"\n${PROFILE}`;

const BUNDLE: Bundle = {
  gateKey: gateKey(Buffer.from(GATE_KEY, 'hex')),
  seed: seed(Buffer.from(SEED, 'hex')),
  profile: PROFILE,
};

const URI = writeBundle(BUNDLE);
let sealed = '';

describe('import', function () {
  this.timeout(30_000);
  let folder: ClientFolder;

  before(() => {
    sealed = sealBundle(BUNDLE, PASSPHRASE);
  });

  beforeEach(() => {
    folder = new ClientFolder();
    folder.write('passphrase', `${PASSPHRASE}\n`);
  });

  afterEach(() => {
    folder.remove();
  });

  async function run(args: readonly string[], stdin = ''): Promise<Outcome> {
    const outcome = await opener(['import', ...args], { env: folder.env, cwd: folder.profiles, stdin });
    for (const secret of [SEED, GATE_KEY, PASSPHRASE]) {
      expect(outcome.stdout + outcome.stderr).to.not.include(secret);
    }
    return outcome;
  }

  function imported(name: string): string {
    expect(statSync(folder.path(name)).mode & 0o777).to.equal(0o600);
    return readFileSync(folder.path(name), 'utf8');
  }

  for (const [what, write, args, stdin] of [
    ['a file that is a profile', WHOLE, ['bundle'], ''],
    ['a file that holds a URI', `${URI}\n`, ['bundle'], ''],
    ['standard input that is a URI', '', ['-'], `${URI}\n`],
    ['standard input that is a profile', '', ['-'], WHOLE],
  ] as const) {
    it(`takes ${what}, keeps it as a profile, and shows all but the secrets`, async () => {
      if (write !== '') folder.write('bundle', write);
      expect(await run(args, stdin)).to.deep.equal({
        exitCode: 0,
        stderr: '',
        stdout: `profile  ${folder.path('gw1.toml')}
server   gw1.example.net, UDP port 51324
id       gate
action   vpn (23)
action   ssh (21, opens tcp/22)
try      opener gw1 vpn
`,
      });
      expect(imported('gw1.toml')).to.equal(WHOLE);
      const sent = await opener(['gw1', 'ssh', '--print'], { env: folder.env });
      expect(sent.exitCode).to.equal(0);
    });
  }

  for (const [what, how] of [
    ['in the command line', 'argument'],
    ['in a file that others can read', 'file'],
    ['on standard input', 'input'],
  ] as const) {
    it(`takes a bundle with a passphrase ${what}`, async () => {
      folder.write('bundle', sealed, 0o644);
      const source = { argument: sealed, file: 'bundle', input: '-' }[how];
      const args = [source, '--passphrase-file', 'passphrase', '--name', 'home'];
      const { exitCode, stderr } = await run(args, how === 'input' ? sealed : '');
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(imported('home.toml')).to.equal(WHOLE);
    });
  }

  it('makes the folder of profiles, for nobody else, if it is missing', async () => {
    const home = join(folder.root, 'new');
    mkdirSync(home);
    const { exitCode } = await opener(['import', '-'], { env: { XDG_CONFIG_HOME: home }, stdin: URI });
    expect(exitCode).to.equal(0);
    expect(statSync(join(home, 'opener')).mode & 0o777).to.equal(0o700);
  });

  it('keeps what is there already, unless it is forced', async () => {
    folder.write('gw1.toml', 'mine');
    const { exitCode, stderr } = await run(['-'], URI);
    expect(exitCode).to.equal(3);
    expect(stderr).to.equal(
      `opener: ${folder.path('gw1.toml')}: file already exists\n` +
        'opener: hint: choose another name with --name, or use --force to replace it\n',
    );
    expect(imported('gw1.toml')).to.equal('mine');

    expect((await run(['-', '--force'], URI)).exitCode).to.equal(0);
    expect(imported('gw1.toml')).to.equal(WHOLE);
    expect(readdirSync(folder.profiles).sort()).to.deep.equal([
      'alice.seed',
      'gate.key',
      'gw1.toml',
      'passphrase',
    ]);
  });

  it('calls a profile by all of its host if that is an address', async () => {
    for (const host of ['192.0.2.1', '2001:db8::1']) {
      const profile = PROFILE.replace('gw1.example.net', host);
      expect((await run(['-'], writeBundle({ ...BUNDLE, profile }))).exitCode).to.equal(0);
      expect(imported(`${host}.toml`)).to.include(`host = "${host}"`);
    }
  });

  for (const [what, args, stdin, exitCode, says] of [
    [
      'a bundle that anybody can use in the command line',
      [URI],
      '',
      2,
      'a bundle without a passphrase in the command line was shown to every user of this machine',
    ],
    ['no bundle', [], '', 2, 'import expected one bundle: a file, or - for standard input'],
    ['two bundles', ['a', 'b'], '', 2, 'import expected one bundle: a file, or - for standard input'],
    [
      'a name that is a path',
      ['-', '--name', '../x'],
      URI,
      2,
      'profile expected a name, got the path "../x"',
    ],
    ['an option of another command', ['-', '--print'], URI, 2, 'import takes no --print'],
    ['a file that is not there', ['nothing'], '', 3, 'nothing: no such file or directory'],
    [
      'a bundle with a character missing',
      ['-'],
      URI.slice(0, 50) + URI.slice(51),
      3,
      'standard input: the bundle is damaged: ',
    ],
    [
      'a bundle with a character changed',
      ['-'],
      `${URI.slice(0, 50)}${URI[50] === 'A' ? 'B' : 'A'}${URI.slice(51)}`,
      3,
      'standard input: the bundle is damaged: ',
    ],
    [
      'a bundle of the future',
      ['-'],
      `bouncer:${Buffer.of(3).toString('base64url')}`,
      3,
      'standard input: the bundle is damaged, or of a form that this opener does not know\nopener: hint: copy all of it, or ',
    ],
    [
      'a text of another kind',
      ['-'],
      'hello',
      3,
      'standard input: there is no bundle in it\nopener: hint: a bundle begins with "bouncer:"',
    ],
    ['a text of yet another kind', ['-'], 'hello = ?', 3, 'standard input line 1: '],
    ['an empty text', ['-'], '', 3, 'standard input: is empty'],
    [
      'a profile whose secrets are elsewhere',
      ['-'],
      `gate_key_file = "gate.key"\nseed_file = "alice.seed"\n${PROFILE}`,
      3,
      'standard input: is a profile whose secrets are in other files, and not a bundle',
    ],
    [
      'a bundle whose profile is no good',
      ['-'],
      writeBundle({ ...BUNDLE, profile: 'host = "../x"\n' }),
      3,
      'standard input: host: expected a host name',
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const outcome = await run(args, stdin);
      expect(outcome.stdout).to.equal('');
      expect(outcome.stderr.split('\n')[0]).to.match(/^opener: /);
      expect(outcome.stderr).to.include(says);
      expect(outcome.exitCode).to.equal(exitCode);
      expect(readdirSync(folder.profiles).filter((name) => name.endsWith('.toml'))).to.deep.equal([]);
    });
  }

  for (const [what, text] of [
    ['a profile', WHOLE],
    ['a URI', URI],
  ] as const) {
    it(`refuses ${what} that others can read`, async () => {
      folder.write('bundle', text, 0o640);
      const { exitCode, stderr } = await run(['bundle']);
      expect(exitCode).to.equal(3);
      expect(stderr).to.equal(
        'opener: bundle: holds a secret but is open to others (mode 0640)\nopener: hint: chmod 600 bundle\n',
      );
    });
  }

  for (const [what, content, mode, says] of [
    [
      'is another',
      'wrong\n',
      0o600,
      'the command line: the passphrase is wrong, or the bundle is damaged\nopener: hint: it is the one that ',
    ],
    ['is empty', '\n', 0o600, 'passphrase: expected one line, the passphrase'],
    ['has two lines', 'a\nb\n', 0o600, 'passphrase: expected one line, the passphrase'],
    ['can be read by others', `${PASSPHRASE}\n`, 0o644, 'passphrase: holds a secret but is open to others'],
  ] as const) {
    it(`refuses a passphrase that ${what}`, async () => {
      folder.write('passphrase', content, mode);
      const { exitCode, stderr } = await run([sealed, '--passphrase-file', 'passphrase']);
      expect(stderr).to.include(says);
      expect(exitCode).to.equal(3);
    });
  }

  it('asks for nothing without a terminal', async () => {
    const child = spawn('setsid', ['--wait', process.execPath, OPENER, 'import', sealed], {
      env: { ...folder.env, PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 20_000,
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await new Promise((resolve) => child.once('close', resolve));
    expect(stderr).to.include('no passphrase was given').and.to.include('--passphrase-file FILE');
  });
});
