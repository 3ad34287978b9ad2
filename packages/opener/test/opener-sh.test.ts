import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  deriveClientKeys,
  deriveGateSubkey,
  minute,
  minuteOf,
  passwordAt,
  parseGateKey,
  parseSeed,
  serverId,
} from '@bouncer-spa/protocol';
import { sealBundle, writeBundle } from '@bouncer-spa/protocol/bundle';
import { ClientFolder, GATE_KEY, OTHER_SEED, profileText, SEED, SERVER_ID } from './support/client-folder.js';
import type { Outcome } from './support/opener-process.js';
import { openPrinted } from './support/verifier.js';

const SCRIPT = fileURLToPath(import.meta.resolve('@bouncer-spa/opener/opener.sh'));

/** The shells that it is made for. */
const SHELLS = { dash: ['dash'], bash: ['bash'], busybox: ['busybox', 'ash'] } as const;

/** The commands that its first lines name, and the one that sends. */
const COMMANDS = ['cat', 'date', 'dd', 'id', 'ls', 'od', 'openssl', 'sed', 'tr', 'bash'];

const HOST = 'server.example.net';

const UNRESOLVED = 'opener.sh: host "does-not-exist.invalid" does not resolve to an address\n';

/** What a bundle has after its scheme. */
const BUNDLED = 'Ab_-'.repeat(30);

describe('opener.sh', () => {
  let folder: ClientFolder;

  beforeEach(() => {
    folder = new ClientFolder();
    folder.write('home.toml', profileText(HOST, 51_324));
  });

  afterEach(() => {
    folder.remove();
  });

  for (const shell of Object.keys(SHELLS) as (keyof typeof SHELLS)[]) {
    describe(`under ${shell}`, () => {
      it('prints a packet that passes every check', () => {
        const { exitCode, stdout, stderr } = run(['home', '--print'], { shell });
        expect(stderr).to.equal('');
        expect(exitCode).to.equal(0);
        expect(openPrinted(stdout)).to.deep.include({
          actionCode: 21,
          duration: 0,
          address: undefined,
          argument: '',
        });
      });

      it('has no secret in the arguments and the environment of what it runs, and runs only what it says', () => {
        const log = recordCommands();
        const { exitCode, stderr } = run(['--profile', folder.path('home.toml'), '-d', '127.0.0.1'], {
          shell,
          env: { PATH: folder.path('commands'), seed: 'x', gate_key: 'x', secret: 'x' },
        });
        expect(stderr).to.equal('');
        expect(exitCode).to.equal(0);
        const seen = readFileSync(log, 'utf8').toLowerCase();
        for (const command of COMMANDS.filter((name) => !['id', 'sed'].includes(name)))
          expect(seen).to.include(command);
        for (const secret of secrets()) expect(seen).to.not.include(secret.slice(0, 12));
      });
    });
  }

  it('draws the number of blocks from all that there may be, and a fresh IV each time', () => {
    const draw =
      'i=0; while [ $i -lt 40 ]; do choose 27; echo "$blocks $iv"; i=$((i + 1)); done; choose 28; echo "$blocks $iv"';
    const lines = run([], { ending: draw }).stdout.trim().split('\n');
    expect(lines.pop()).to.match(/^28 [0-9a-f]{32}$/);
    expect(new Set(lines.map((line) => line.split(' ')[0]))).to.deep.equal(new Set(['27', '28']));
    expect(new Set(lines.map((line) => line.split(' ')[1])).size).to.equal(40);
  });

  it('asks for what the options say', () => {
    const { stdout } = run([
      '--print',
      '-f',
      'vpn',
      '--for',
      '2m',
      '--allow=2001:db8::7',
      '--arg',
      'ü; $(x)',
      'home',
    ]);
    const { duration, address, argument } = openPrinted(stdout, 23);
    expect([duration, argument]).to.deep.equal([120, 'ü; $(x)']);
    expect(Buffer.from(address ?? []).toString('hex')).to.equal('20010db8000000000000000000000007');
  });

  for (const [text, hex] of [
    ['203.0.113.7', '00000000000000000000ffffcb007107'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['1:2:3:4:5:6:7:ABCD', '0001000200030004000500060007abcd'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['64:ff9b::192.0.2.1', '0064ff9b0000000000000000c0000201'],
  ] as const) {
    it(`reads the address ${text}`, () => {
      const { stdout } = run([], { ending: `parse_address ${text}; echo $address` });
      expect(stdout.trim().toLowerCase()).to.equal(hex);
    });
  }

  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.4.',
    '01.2.3.4',
    '1.2.3.256',
    '0.0.0.0',
    '::',
    '::ffff:0.0.0.0',
    '::1.2.3.4',
    '1::2::3',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:',
    '1:2:3:4:5:6:7:8::',
    ':1:2:3:4:5:6:7',
    '12345::',
    'g::',
    'fe80::1%eth0',
  ]) {
    it(`refuses the address "${text}"`, () => {
      expect(run(['home', `--allow=${text}`, '--print']).exitCode).to.equal(2);
    });
  }

  it('reads all ways to write a profile that opener reads', () => {
    const secrets = `gate_key = '${GATE_KEY}'\r\n\tseed="${SEED}" # mine\n`;
    const codes = {
      short: '[actions] # here\n"web admin" = 21\n',
      'table on a line':
        '[actions]\n"web admin" = { code = 21, opens = ["tcp/22", "udp/53"], for = "10m" }\n',
      'table of its own': '[actions."web admin"]\nopens = ["tcp/22",]\nfor = \'10m\'\ncode=21',
      dotted: 'actions."web admin".code = 21\n  actions . "web admin".for = "10m"\n',
    };
    for (const [form, actions] of Object.entries(codes)) {
      const text = `host = "${SERVER_ID}"\nport = 51324\n${secrets}default_action = "web admin"\nwait = true\n${actions}`;
      folder.write('home.toml', text);
      const { stdout, stderr } = run(['home', '--print']);
      expect(stderr, form).to.equal('');
      expect(openPrinted(stdout).duration, form).to.equal(form === 'short' ? 0 : 600);
    }
  });

  it('takes a bundle, from a file or standard input, broken into lines or not', () => {
    const profile = `host = "${SERVER_ID}"\nport = 51324\n# ü\n[actions]\nssh = 21`;
    const uri = writeBundle({ gateKey: parseGateKey(GATE_KEY), seed: parseSeed(SEED), profile });
    const file = folder.write('home.bundle', uri);
    expect(openPrinted(run(['--profile', file, 'ssh', '--print']).stdout)).to.be.ok;
    const input = uri.replace('bouncer', 'BOUNCER').replaceAll(/.{40}/g, '$&\r\n  ');
    expect(openPrinted(run(['--profile', '-', 'ssh', '--print'], { input }).stdout)).to.be.ok;

    chmodSync(file, 0o644);
    expect(run(['--profile', file, 'ssh', '--print']).stderr).to.equal(openToOthers('home.bundle'));
    const damaged = uri.replace(/.(?=.{20}$)/, (digit) => (digit === 'A' ? 'B' : 'A'));
    expect(run(['--profile', '-', 'ssh', '--print'], { input: damaged })).to.deep.equal({
      exitCode: 3,
      stdout: '',
      stderr: 'opener.sh: standard input: the bundle is damaged\n',
    });
  });

  it('says that it cannot open a bundle with a passphrase', () => {
    const bundle = { gateKey: parseGateKey(GATE_KEY), seed: parseSeed(SEED), profile: 'host = "a"' };
    const { exitCode, stderr } = run(['--profile', '-'], { input: sealBundle(bundle, 'secret') });
    expect(exitCode).to.equal(3);
    expect(stderr).to.include('the bundle has a passphrase').and.include('opener import');
  });

  it('takes the seed of -k, from a file or standard input, before that of the profile', () => {
    const file = folder.write('bob.seed', OTHER_SEED);
    expect(openPrinted(run(['home', '--print', '-k', file]).stdout, 21, OTHER_SEED)).to.be.ok;
    const { stdout } = run(['home', '--print', '-k-'], { input: `${OTHER_SEED}\r\n` });
    expect(openPrinted(stdout, 21, OTHER_SEED)).to.be.ok;
  });

  it('finds the profile by the destination, in its name or its host, past one that cannot be read', () => {
    folder.write('broken.toml', 'host = """');
    for (const args of [
      ['-d', HOST],
      ['-d', 'home', '-p', '1', '-f', '21'],
    ]) {
      expect(openPrinted(run([...args, '--print']).stdout)).to.be.ok;
    }
    folder.write('other.toml', profileText(HOST, 1));
    expect(run(['-d', HOST, '--print'])).to.deep.include({ exitCode: 3 });
  });

  for (const mode of [0o640, 0o604, 0o620, 0o610]) {
    it(`refuses a secret in a file of mode 0${mode.toString(8)}`, () => {
      for (const name of ['gate.key', 'alice.seed']) {
        chmodSync(folder.path(name), mode);
        const { exitCode, stderr } = run(['home', '--print']);
        expect([exitCode, stderr]).to.deep.equal([3, openToOthers(name)]);
        chmodSync(folder.path(name), 0o600);
      }
    });
  }

  it('refuses a profile that holds a secret and is open to others', () => {
    const path = folder.write('home.toml', `host = "${HOST}"\nport = 1\ngate_key = "${GATE_KEY}"\n`, 0o644);
    const { exitCode, stderr } = run([
      '--profile',
      path,
      '-f',
      '21',
      '-k',
      folder.path('alice.seed'),
      '--print',
    ]);
    expect([exitCode, stderr]).to.deep.equal([3, openToOthers('home.toml')]);
  });

  for (const [what, content] of [
    ['63 digits', SEED.slice(1)],
    ['65 digits', `${SEED}0`],
    ['a letter', `${SEED.slice(1)}g`],
    ['nothing', ''],
    ['something after it', `${SEED} x`],
  ] as const) {
    it(`refuses a seed file with ${what}, and does not show it`, () => {
      const { exitCode, stderr } = run(['home', '--print', '-k', folder.write('bad.seed', content)]);
      expect(exitCode).to.equal(3);
      expect(stderr).to.include('64 hexadecimal digits').and.not.include('5eed');
    });
  }

  for (const line of [
    'host',
    'host = ',
    'host = "a\\u0062"',
    'host = "a',
    'host = "a" "b"',
    'host = """a"""',
    'actions = { ssh = 21',
    '[actions',
    '[[actions]]',
    'seed = ' + SEED + '"',
  ]) {
    it(`says which line of a profile it cannot read, without showing it: ${line.slice(0, 24)}`, () => {
      folder.write('home.toml', `# a comment\n\n${line}\n`);
      const { exitCode, stderr } = run(['home', '--print']);
      expect(exitCode).to.equal(3);
      expect(stderr)
        .to.match(/^opener\.sh: \S+home\.toml line 3: /)
        .and.not.include('5eed');
    });
  }

  for (const [args, code, said] of [
    [[], 2, 'no profile and no destination is given'],
    [['nobody'], 3, 'no profile is called "nobody": there is no /'],
    [['--profile', 'nobody'], 3, 'nobody: is not a file that can be read'],
    [[`bouncer:${BUNDLED}`], 2, 'profile expected a name, got a bundle'],
    [['home', BUNDLED], 2, 'unknown action "(characters)"'],
    [
      ['home', '-d', 'does-not-exist.invalid'],
      4,
      'host "does-not-exist.invalid" does not resolve to an address',
    ],
    [['a/b'], 2, 'profile expected a name'],
    [['home', 'ssh', 'x'], 2, 'unexpected "x"'],
    [['home', 'ssh', '-f', '21'], 2, 'two actions are given, "ssh" and "21"'],
    [['home', 'nothing'], 2, 'unknown action "nothing"'],
    [['home', '65536'], 2, 'action code expected 0 to 65535'],
    [['home', '-p', '0'], 2, 'port expected 1 to 65535'],
    [['home', '-p', '65536'], 2, 'port expected 1 to 65535'],
    [['home', '-p'], 2, '-p needs a value'],
    [['home', '-p', '-v'], 2, '"-v" looks like an option'],
    [['home', '-p', '1', '--port=2'], 2, 'is given twice'],
    [['home', '-46'], 2, 'is given twice'],
    [['home', '--print=x'], 2, 'takes no value'],
    [['home', '--nonsense'], 2, 'unknown option --nonsense'],
    [['home', '--for', '0'], 2, 'duration expected'],
    [['home', '--for', '1w'], 2, 'duration expected'],
    [['home', '--for', '4294967296'], 2, 'duration expected'],
    [['home', '--for', '49711d'], 2, 'duration expected'],
    [['home', '--arg', 'x'.repeat(65)], 2, 'at most 64 bytes of UTF-8, got 65'],
    [['home', '-d', 'a/b'], 2, 'host expected a name'],
    [['home', '-k', SEED], 2, 'what looks like a seed itself'],
    [['home', SEED.slice(2)], 2, 'unknown action "(hexadecimal digits)"'],
    [['home', '-4', '-d', '::1'], 4, 'is not an IPv4 address'],
    [['home', '-6', '-d', '127.0.0.1'], 4, 'is not an IPv6 address'],
  ] as const) {
    it(`ends with ${code} and a sentence after: opener.sh ${args.join(' ').slice(0, 40)}`, () => {
      const { exitCode, stdout, stderr } = run([...args]);
      expect([exitCode, stdout]).to.deep.equal([code, '']);
      expect(stderr)
        .to.match(/^opener\.sh: /)
        .and.include(said);
      expect(stderr).to.not.include(SEED.slice(0, 32)).and.to.not.include(BUNDLED);
    });
  }

  it('takes UTF-8 and nothing else as argument', () => {
    for (const [bytes, status] of [
      ['c3bc', 0],
      ['e282ac', 0],
      ['f09f9880', 0],
      ['ed9fbf', 0],
      ['c0af', 2],
      ['c3', 2],
      ['c328', 2],
      ['eda080', 2],
      ['e08080', 2],
      ['f48fbfbf', 0],
      ['f4908080', 2],
      ['80', 2],
      ['ff', 2],
    ] as const) {
      const octal = bytes.replace(/../g, (byte) => `\\${parseInt(byte, 16).toString(8).padStart(3, '0')}`);
      expect(run([], { ending: `parse_argument "$(printf '${octal}')"` }).exitCode, bytes).to.equal(status);
    }
  });

  it('says that it could not send when nothing can', () => {
    const here = folder.path('commands');
    recordCommands(COMMANDS.filter((name) => name !== 'bash'));
    const { exitCode, stderr } = run(['home'], { env: { ...folder.env, PATH: here } });
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('nothing here can send UDP');
  });

  it('without getent ends with 4 where a name does not resolve, if what sends says so', () => {
    recordCommands();
    const outcome = run(['home', '-d', 'does-not-exist.invalid'], {
      env: { ...folder.env, PATH: folder.path('commands') },
    });
    expect(outcome).to.deep.equal({ exitCode: 4, stdout: '', stderr: UNRESOLVED });
  });

  for (const words of [
    'nc: getaddrinfo: Temporary failure in name resolution',
    'nc: getaddrinfo: No address associated with hostname',
    'nc: getaddrinfo: Address family for hostname not supported',
    'nc: getaddrinfo: Name does not resolve',
    'nc: getaddrinfo: Name has no usable address',
    'nc: getaddrinfo: nodename nor servname provided, or not known',
    "nc: bad address 'does-not-exist.invalid'",
    'Ncat: Could not resolve hostname "does-not-exist.invalid". QUITTING.',
    'does-not-exist.invalid: forward host lookup failed: Unknown host',
  ]) {
    it(`knows these words for a name that does not resolve: ${words}`, () => {
      const { exitCode, stderr } = sendByOneThatSays(words, 'does-not-exist.invalid');
      expect([exitCode, stderr]).to.deep.equal([4, UNRESOLVED]);
    });
  }

  it('ends with 1 if what sends says anything else, or was given an address', () => {
    const refused = sendByOneThatSays('nc: Network is unreachable', 'does-not-exist.invalid');
    expect([refused.exitCode, refused.stderr]).to.deep.equal([
      1,
      'opener.sh: could not send to does-not-exist.invalid port 51324: Network is unreachable\n',
    ]);
    expect(sendByOneThatSays('nc: Name or service not known', '127.0.0.1').exitCode).to.equal(1);
  });

  it('has a help that names each option it takes, and fits a screen', () => {
    const { exitCode, stdout } = run(['--help']);
    expect(exitCode).to.equal(0);
    expect(stdout.split('\n')).to.have.length.at.most(24);
    const cases = /parse_command_line\(\) \{[^]*?\n\}/.exec(readFileSync(SCRIPT, 'utf8'))?.[0] ?? '';
    const taken = new Set(cases.match(/(?<=[ (|])(--[a-z]\w+|-[a-zA-Z0-9])(?= *[)|])/g));
    expect(taken).to.include('--profile').and.to.have.property('size', 21);
    for (const option of taken) expect(stdout).to.match(new RegExp(`(^|[ ,])${option}\\b`, 'm'));
  });

  interface RunOptions {
    readonly shell?: keyof typeof SHELLS;
    readonly env?: NodeJS.ProcessEnv;
    readonly input?: string;
    /** Shell commands that take the place of the last line, which calls main. */
    readonly ending?: string;
  }

  function run(args: readonly string[], options: RunOptions = {}): Outcome {
    const {
      shell = 'dash',
      env = { ...folder.env, PATH: process.env['PATH'] },
      input = '',
      ending,
    } = options;
    let script = SCRIPT;
    if (ending !== undefined) {
      script = folder.path('changed.sh');
      writeFileSync(script, readFileSync(SCRIPT, 'utf8').replace(/main "\$@"\n$/, `${ending}\n`));
    }
    const [program, ...words] = SHELLS[shell];
    const argv = [...words, script, ...args];
    const { status, stdout, stderr } = spawnSync(commandPath(program), argv, {
      env,
      input,
      encoding: 'utf8',
    });
    return { exitCode: status, stdout, stderr };
  }

  /** Makes a folder of the commands, each of which notes its arguments and environment first. @returns the notes' file */
  function recordCommands(names = COMMANDS): string {
    const log = folder.path('commands.log');
    mkdirSync(folder.path('commands'));
    const env = commandPath('env');
    const dash = commandPath('dash');
    for (const name of names) {
      const path = join(folder.path('commands'), name);
      const note = `{ printf '%s\\n' ${name} "$@"; ${env}; } >>${log}`;
      writeFileSync(path, `#!${dash}\n${note}\nexec ${commandPath(name)} "$@"\n`);
      chmodSync(path, 0o755);
    }
    return log;
  }

  /** Sends by an nc that fails with these words, where there is no getent. */
  function sendByOneThatSays(words: string, host: string): Outcome {
    const here = folder.path('commands');
    if (!existsSync(here)) recordCommands(COMMANDS.filter((name) => name !== 'bash'));
    const script = `#!${commandPath('dash')}\nif [ "$1" = -h ]; then echo -u; exit; fi\ncat >/dev/null\necho '${words.replaceAll("'", "'\\''")}' >&2\nexit 1\n`;
    writeFileSync(join(here, 'nc'), script, { mode: 0o755 });
    return run(['home', '-d', host], { env: { ...folder.env, PATH: here } });
  }

  function openToOthers(name: string): string {
    const path = folder.path(name);
    return `opener.sh: ${path}: holds a secret but is open to others, or is no regular file\nopener.sh: hint: chmod 600 ${path}\n`;
  }
});

/** Everything that nobody else may see, in hexadecimal. */
function secrets(): string[] {
  const id = serverId(SERVER_ID);
  const keys = deriveClientKeys(parseSeed(SEED), id);
  const gate = deriveGateSubkey(parseGateKey(GATE_KEY), id);
  const now = minuteOf(Date.now());
  const passwords = [now - 1, now].map((at) => passwordAt(keys, minute(at)));
  const all = [keys.locator, keys.password, keys.mac, keys.encryption, gate, ...passwords];
  return [SEED, GATE_KEY, ...all.map((bytes) => Buffer.from(bytes).toString('hex'))];
}

/** Where a command is. */
function commandPath(name: string): string {
  const { stdout } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' });
  return stdout.trim();
}
