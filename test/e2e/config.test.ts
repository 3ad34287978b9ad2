import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bouncerCommand, type Ending } from '../support/command.js';
import type { Installation } from '../support/installation.js';
import { BOUNCER, repositoryPath } from '../support/paths.js';
import { decisionOn, Stage } from '../support/stage.js';

/** The user `nobody`, who owns nothing. */
const NOBODY = 65_534;

/** What runs a command as a user without any privilege. */
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

/** The parts of a config that a case has otherwise than the good one. */
interface Parts {
  readonly server?: string;
  readonly capture?: string;
  /** Other tables. */
  readonly more?: string;
  readonly actions?: string;
  readonly clients?: string;
}

const GOOD = {
  server:
    'id = "gw1.example.net"\ngate_key_file = "gate.key"\nstate_dir = "state"\ncontrol_socket = "control.sock"',
  capture: 'port = 51324',
  more: '',
  actions: '[actions.ssh]\ncode = 21\nrun = ["/bin/true"]',
  clients: '[clients.alice]\nseed_file = "alice.seed"\nactions = ["ssh"]',
} as const;

function writeConfig(installation: Installation, parts: Parts = {}): void {
  const { server, capture, more, actions, clients } = { ...GOOD, ...parts };
  const tables = ['[server]', server, '[capture]', capture, more, actions, clients];
  writeFileSync(installation.config, tables.join('\n'), { mode: 0o600 });
}

interface Case {
  readonly what: string;
  readonly parts?: Parts;
  /** Makes the surroundings bad. */
  readonly prepare?: (installation: Installation) => void;
  /** Standard error; FOLDER stands for the folder that the config is in. */
  readonly says: string;
}

/** One of each kind; the others are in packages/bouncer/test/config-file.test.ts. */
const CASES: readonly Case[] = [
  {
    what: 'is missing',
    prepare: ({ config }) => {
      rmSync(config);
    },
    says: 'FOLDER/bouncer.toml: does not exist: bouncer init writes a first one\n',
  },
  {
    what: 'others can change',
    prepare: ({ config }) => {
      chmodSync(config, 0o620);
    },
    says: 'FOLDER/bouncer.toml: has mode 0620, so others can change it: chmod go-w FOLDER/bouncer.toml\n',
  },
  {
    what: 'is not TOML',
    parts: { server: 'id = gw1' },
    says: 'FOLDER/bouncer.toml line 2: invalid value\n',
  },
  {
    what: 'has several keys wrong',
    parts: { capture: 'delta = 11\nprot = 1' },
    says: `FOLDER/bouncer.toml: capture.port: is missing
FOLDER/bouncer.toml: capture.delta: expected a whole number from 0 to 10
FOLDER/bouncer.toml: capture.prot: unknown key
`,
  },
  {
    what: 'contradicts itself',
    parts: {
      actions: `${GOOD.actions}\n[actions.mail]\ncode = 21\nrun = ["mail"]`,
      clients: '[clients.alice]\nseed_file = "alice.seed"\nactions = ["ssh", "vpn"]',
    },
    says: `FOLDER/bouncer.toml: actions.mail.code: 21 is the code of actions.ssh already
FOLDER/bouncer.toml: actions.mail.run: the program "mail" is not an absolute path
FOLDER/bouncer.toml: clients.alice.actions: there is no action "vpn"
`,
  },
  {
    what: 'names files that cannot be trusted',
    parts: { actions: '[actions.ssh]\ncode = 21\nrun = ["/no/such/program"]' },
    prepare: (installation) => {
      chmodSync(installation.path('alice.seed'), 0o644);
      chownSync(installation.path('gate.key'), NOBODY, NOBODY);
    },
    says: `FOLDER/bouncer.toml: server.gate_key_file: FOLDER/gate.key belongs to user ${NOBODY}; only root may own it: chown root FOLDER/gate.key
FOLDER/bouncer.toml: actions.ssh.run: /no/such/program does not exist
FOLDER/bouncer.toml: clients.alice.seed_file: FOLDER/alice.seed has mode 0644, so others can read it: chmod 600 FOLDER/alice.seed
`,
  },
];

describe('A config that', () => {
  const stage = new Stage();

  beforeEach(function () {
    stage.open(this);
    stage.installation.addClient('alice');
  });

  afterEach(() => stage.close());

  for (const { what, parts, prepare, says } of CASES) {
    it(`${what} is refused by "check" and by "run" with the same words`, async () => {
      const { installation, network } = stage;
      writeConfig(installation, parts);
      prepare?.(installation);
      const expected = { status: 1, stdout: '', stderr: says.replaceAll('FOLDER', installation.folder) };
      const args = ['-c', installation.config];
      expect(await bouncerCommand(['check', ...args])).to.deep.equal(expected);
      // In a network of its own: should it be taken for good, nothing of this machine is listened to.
      const wrapper = ['ip', 'netns', 'exec', network.server.namespace];
      expect(await bouncerCommand(['run', ...args], { wrapper })).to.deep.equal(expected);
    });
  }
});

describe('A good config', () => {
  const stage = new Stage();

  beforeEach(function () {
    stage.open(this);
    stage.installation.addClient('alice');
  });

  afterEach(() => stage.close());

  function check(cwd = '/'): Promise<Ending> {
    return bouncerCommand(['check', '--config', stage.installation.config], { cwd });
  }

  it('passes the check, which changes nothing', async () => {
    const { installation } = stage;
    writeConfig(installation);
    const { status, stdout, stderr } = await check();
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout).to.match(/^.*bouncer\.toml: ok, 1 client, 1 action\n$/);
    expect(() => readFileSync(installation.path('state'))).to.throw('ENOENT');
  });

  it('names its files from its own folder, wherever the command is run', async () => {
    const { installation } = stage;
    mkdirSync(installation.path('secrets'));
    renameSync(installation.path('alice.seed'), installation.path('secrets/alice.seed'));
    const clients = GOOD.clients.replace('alice.seed', 'secrets/alice.seed');
    writeConfig(installation, { clients });
    for (const cwd of ['/', installation.folder, dirname(installation.folder)]) {
      expect((await check(cwd)).status, cwd).to.equal(0);
    }
    const bouncer = await stage.bouncer();
    const packet = installation.packet('alice', 21);
    expect(await decisionOn(stage, bouncer, stage.sender(), packet)).to.include({ decision: 'accept' });
    expect(readFileSync(installation.path('state/replay/CURRENT'), 'utf8')).to.include('MANIFEST');
  });

  it('can have everything in it that there is', async () => {
    writeConfig(stage.installation, {
      capture: 'port = 51324\ndelta = 0\ninterface = "eth0.100"\nuser = "daemon"',
      more: '[limits]\nrunning = 1024\n[log]\nlevel = "warn"\nrejects_per_minute = 0',
      actions: `[actions.ssh]
code = 0
run = ["/bin/true", "{server} {client} {action} {code} {address} {source} {port} {duration} {argument}"]
timeout = "1d"
argument = "a|b"
for = "1s"
max = "7d"`,
      clients: `[clients."a.b_c-d"]
seed_file = "alice.seed"
actions = ["ssh"]
from = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "0.0.0.0/0", "::/0"]
not_after = 2027-06-30
bind = "strict"`,
    });
    expect((await check()).stderr).to.equal('');
  });

  it('may belong to whoever checks it', async () => {
    const { installation } = stage;
    writeConfig(installation);
    for (const path of [installation.folder, installation.config, 'gate.key', 'alice.seed']) {
      chownSync(path.startsWith('/') ? path : installation.path(path), NOBODY, NOBODY);
    }
    const ending = await bouncerCommand(['check', '-c', installation.config], { wrapper: AS_NOBODY });
    expect(ending).to.include({ status: 0, stderr: '' });
  });
});

describe('The command line', () => {
  const { version } = JSON.parse(readFileSync(repositoryPath('packages/bouncer/package.json'), 'utf8')) as {
    version: string;
  };

  for (const [args, complaint, help] of [
    [[], 'no command given', 'bouncer --help'],
    [['-v'], 'no command given', 'bouncer --help'],
    [['start'], 'unknown command "start"', 'bouncer --help'],
    [['check', 'bouncer.toml'], 'unexpected argument "bouncer.toml"', 'bouncer check --help'],
    [['run', 'a', 'b'], 'unexpected argument "a b"', 'bouncer run --help'],
    [['check', '--colour'], 'unknown option --colour', 'bouncer check --help'],
    [['check', '-v'], 'unknown option -v', 'bouncer check --help'],
    [['check', '-c'], '-c, --config needs a value', 'bouncer check --help'],
    [['check', '--config', '-x'], '--config needs a value', 'bouncer check --help'],
    [['run', '--verbose=yes'], '-v, --verbose takes no value', 'bouncer run --help'],
  ] as const) {
    it(`"${['bouncer', ...args].join(' ')}" is told what is wrong with it`, async () => {
      const { status, stdout, stderr } = await bouncerCommand(args);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
      const [first, ...others] = stderr.trimEnd().split('\n');
      expect(first)
        .to.match(/^bouncer: /)
        .and.include(complaint);
      expect(others).to.deep.equal([`Try: ${help}`]);
    });
  }

  for (const option of ['--help', '-h']) {
    for (const [args, words] of [
      [[], ['run', 'check', '--help', '--version', 'Exit status']],
      [['run'], ['Usage: bouncer run', '--config', '--verbose']],
      [['check'], ['Usage: bouncer check', '--config']],
    ] as const) {
      it(`shows the help with ${['bouncer', ...args, option].join(' ')}, which fits a terminal`, async () => {
        const { status, stdout, stderr } = await bouncerCommand([...args, option]);
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
        for (const word of words) expect(stdout).to.include(word);
        const lines = stdout.trimEnd().split('\n');
        expect(lines).to.have.length.at.most(23);
        expect(lines.filter((line) => line.length > 80)).to.deep.equal([]);
      });
    }
  }

  it('ends without a word when whoever reads has had enough', () => {
    const script = `'${process.execPath}' '${BOUNCER}' --help | true`;
    const { stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(stderr).to.equal('');
  });

  it('has a help for each command that fits a terminal', async () => {
    const names = (text: string) => Array.from(text.matchAll(/^ {2}([a-z]+) {2}/gm), ([, name = '']) => name);
    const commands = names((await bouncerCommand(['--help'])).stdout).map((name) => [name]);
    const groups = names((await bouncerCommand(['client', '--help'])).stdout).map((name) => ['client', name]);
    for (const command of [...commands, ...groups]) {
      const { stdout } = await bouncerCommand([...command, '--help']);
      const lines = stdout.trimEnd().split('\n');
      expect(lines, command.join(' ')).to.have.length.within(3, 23);
      expect(lines.filter((line) => line.length > 80)).to.deep.equal([]);
    }
    expect(commands).to.have.length.above(10);
    expect(groups).to.have.length(4);
  });

  for (const option of ['--version', '-V']) {
    it(`shows the version with ${option}`, async () => {
      expect(await bouncerCommand([option])).to.deep.equal({
        status: 0,
        stdout: `bouncer ${version}\n`,
        stderr: '',
      });
    });
  }

  it('has the config in /etc if none is named', async () => {
    const { stderr } = await bouncerCommand(['check']);
    expect(stderr).to.match(/^\/etc\/bouncer\/bouncer\.toml: |^$/);
  });

  it('"bouncer run" without root is told what it takes', async function () {
    if (process.geteuid?.() !== 0) this.skip();
    const ending = await bouncerCommand(['run', '-c', '/nonexistent'], { wrapper: AS_NOBODY });
    expect(ending).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: 'bouncer: run needs root, to capture packets and to run actions: try sudo bouncer run\n',
    });
  });
});
