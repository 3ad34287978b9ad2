import { expect } from 'chai';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { PORT } from '../support/installation.js';
import { OPENER, repositoryPath } from '../support/paths.js';
import { decisionOn, Stage } from '../support/stage.js';

/** A name that the client finds both addresses of the server under. */
const SERVER_NAME = 'gate.example.net';

describe('opener', () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let profile: string;

  beforeEach(async function () {
    stage.open(this);
    const { installation, network } = stage;
    network.dropPort(PORT);
    nameServer();
    for (const name of ['alice', 'bob', 'carol']) installation.addClient(name);
    installation.writeConfig(`
[actions.note]
code = 21
run = ["/bin/echo", "{client} {action} {address} {duration} [{argument}]"]
argument = "[^x]*"
for = "30s"
max = "10m"

[actions.other]
code = 22
run = ["/bin/true"]

[clients.alice]
seed_file = "alice.seed"
actions = ["note", "other"]
bind = "any"

[clients.bob]
seed_file = "bob.seed"
actions = ["note"]

[clients.carol]
seed_file = "carol.seed"
actions = ["note"]
bind = "strict"
`);
    profile = installation.writeProfile('alice', SERVER_NAME, { note: 21, other: 22 });
    bouncer = await stage.bouncer();
  });

  afterEach(() => stage.close());

  /** Lets the client, and nobody else, know the server's name (ip-netns(8)). */
  function nameServer(): void {
    const { client, server } = stage.network;
    const folder = join('/etc/netns', client.namespace);
    const isFirst = !existsSync('/etc/netns');
    mkdirSync(folder, { recursive: true });
    stage.whenClosed(() => {
      rmSync(folder, { recursive: true });
      // Others may have come to use it.
      if (isFirst && readdirSync(dirname(folder)).length === 0) rmdirSync(dirname(folder));
    });
    writeFileSync(join(folder, 'hosts'), `${server.ipv4} ${SERVER_NAME}\n${server.ipv6} ${SERVER_NAME}\n`);
  }

  /** Runs opener on the client. @returns its standard output */
  function opener(args: readonly string[], { input = '', home = '/nonexistent' } = {}): string {
    const { network } = stage;
    const argv = ['env', '-i', `XDG_CONFIG_HOME=${home}`, process.execPath, OPENER, ...args];
    return network.run(network.client, argv, input);
  }

  /** Runs opener on the client. @returns all that it says, and its exit code in the last line */
  function said(args: readonly string[]): string {
    const script = '"$@" 2>&1; echo "exit $?"';
    return stage.network.run(stage.network.client, [
      'sh',
      '-c',
      script,
      'sh',
      process.execPath,
      OPENER,
      ...args,
    ]);
  }

  /** Runs opener and waits for the decision on what it sent. */
  async function decision(
    args: readonly string[],
    options?: Parameters<typeof opener>[1],
  ): Promise<LogRecord> {
    const from = bouncer.records.length;
    expect(opener(args, options)).to.equal('');
    return bouncer.logged('a decision', (record) => record.decision !== undefined, from);
  }

  /** What the action of the packet that opener sent was told. */
  async function noted(args: readonly string[], options?: Parameters<typeof opener>[1]): Promise<string> {
    const from = bouncer.records.length;
    expect(opener(args, options)).to.equal('');
    const end = await bouncer.logged(
      'the end of the action',
      ({ msg }) => msg.startsWith('action note'),
      from,
    );
    return String(end['output']).trimEnd();
  }

  for (const [option, family] of [
    ['-4', 'ipv4'],
    ['-6', 'ipv6'],
  ] as const) {
    it(`sends to the address of that family with ${option}`, async () => {
      const accept = await decision(['--profile', profile, option, 'note']);
      expect(accept).to.include({ decision: 'accept', source: stage.network.client[family] });
    });
  }

  it('asks for no more than the action when nothing else is said', async () => {
    expect(await noted(['--profile', profile, '-4', 'note'])).to.equal(
      `alice note ${stage.network.client.ipv4} 30 []`,
    );
  });

  it('has the server act for another address with --allow, of either family', async () => {
    expect(await noted(['--profile', profile, 'note', '--allow', '198.51.100.7'])).to.equal(
      'alice note 198.51.100.7 30 []',
    );
    expect(await noted(['--profile', profile, '-4', 'note', '--allow', '2001:db8:7::1'])).to.equal(
      'alice note 2001:db8:7::1 30 []',
    );
  });

  it('cannot have it act for another address if the client may only for its own', async () => {
    const file = stage.installation.writeProfile('bob', SERVER_NAME, { note: 21 });
    const reject = await decision(['--profile', file, 'note', '--allow', '198.51.100.7']);
    expect(reject).to.include({ reason: 'address', client: 'bob' });
  });

  it('names the address that it sends from with --allow source, which "strict" asks for, over each family', async () => {
    const { installation, network } = stage;
    const file = installation.writeProfile('carol', SERVER_NAME, { note: 21 });
    expect(await decision(['--profile', file, 'note'])).to.include({ reason: 'address', client: 'carol' });
    for (const [option, family] of [
      ['-4', 'ipv4'],
      ['-6', 'ipv6'],
    ] as const) {
      const accept = await decision(['--profile', file, option, 'note', '--allow', 'source']);
      expect(accept).to.include({ decision: 'accept', client: 'carol', address: network.client[family] });
    }
    writeFileSync(file, `allow = "source"\n${readFileSync(file, 'utf8')}`);
    const printed = Buffer.from(opener(['--profile', file, '-4', '--print', 'note']), 'base64');
    expect(await decisionOn(stage, bouncer, stage.sender(), printed)).to.include({ decision: 'accept' });
  });

  it('says that there is no way to the server where it is to name the address that it sends from', () => {
    const words = ['--profile', profile, '-d', '198.51.100.7', 'note', '--allow', 'source'];
    expect(said(words)).to.match(/^opener: there is no way to 198.51.100.7: .*\nexit 1\n$/);
  });

  it('says that there is no way to the server, and ends with 1', () => {
    expect(said(['--profile', profile, '-d', '198.51.100.7', 'note'])).to.equal(
      'opener: could not send to 198.51.100.7: network is unreachable\n' +
        'opener: hint: is this machine connected to a network? opener doctor PROFILE looks at all on the way\n' +
        'exit 1\n',
    );
  });

  it('says of a host that is off that it is, likeliest of all, and ends with 5', () => {
    const away = '192.0.2.77';
    const lines = said(['--profile', profile, '-d', away, 'note', '--wait', 'tcp/22']).split('\n');
    expect(lines.slice(0, 2)).to.deep.equal([
      `opener: tcp/22 at ${away} did not open within 10 s; 3 packets were sent`,
      `opener: likely: ${away} is off, or there is no way to it: the network says unreachable`,
    ]);
    expect(lines.at(-2)).to.equal('exit 5');
  }).timeout(40_000);

  it('asks for a duration with --for, and gets at most the largest', async () => {
    for (const [asked, given] of [
      ['45', 45],
      ['2m', 120],
      ['2h', 600],
    ] as const) {
      const output = await noted(['--profile', profile, '-4', 'note', '--for', asked]);
      expect(output).to.equal(`alice note ${stage.network.client.ipv4} ${given} []`);
    }
  });

  it('hands on an argument with --arg as it is', async () => {
    const argument = ' a; $(b) ü ';
    const output = await noted(['--profile', profile, '-4', 'note', '--arg', argument]);
    expect(output).to.equal(`alice note ${stage.network.client.ipv4} 30 [${argument}]`);
    expect(await decision(['--profile', profile, 'note', '--arg', 'x'])).to.include({ reason: 'pattern' });
  });

  it('reads the seed from standard input with -k -', async () => {
    const text = readFileSync(profile, 'utf8').replace(/^seed_file.*$/m, '');
    writeFileSync(profile, text);
    const input = stage.installation.read('alice.seed');
    expect(await decision(['--profile', profile, '-k', '-', 'note'], { input })).to.include({
      decision: 'accept',
      client: 'alice',
    });
  });

  it('takes the seed of -k before that of the profile', async () => {
    const args = ['--profile', profile, '-k', stage.installation.path('bob.seed'), 'note'];
    expect(await decision(args)).to.include({ decision: 'accept', client: 'bob' });
  });

  it('prints with --print a packet that is accepted when it is sent by hand, and sends none', async () => {
    const printed = opener(['--profile', profile, '--print', 'note', '--for', '1m']);
    expect(printed).to.match(/^[A-Za-z0-9+/]+=*\n$/);
    const sender = stage.sender();
    const accept = await decisionOn(stage, bouncer, sender, Buffer.from(printed, 'base64'));
    expect(accept).to.include({ decision: 'accept', client: 'alice', duration: 60 });
    // Had it been sent before, it would have been a replay by now.
    expect(bouncer.records.filter(({ decision: made }) => made !== undefined)).to.have.length(1);
  });

  it('makes a new packet each time', async () => {
    for (let count = 0; count < 3; count++) {
      expect(await decision(['--profile', profile, 'note'])).to.include({ decision: 'accept' });
    }
  });

  it('finds the profile by its name', async () => {
    const home = configHome('home.toml');
    expect(await decision(['home', 'other'], { home })).to.include({ decision: 'accept', action: 'other' });
  });

  it('takes the classic form, and finds the profile by the destination', async () => {
    const home = configHome(`${SERVER_NAME}.toml`);
    const args = [
      '-p',
      String(PORT),
      '-d',
      SERVER_NAME,
      '-f',
      '21',
      '-k',
      stage.installation.path('alice.seed'),
    ];
    expect(await decision(args, { home })).to.include({ decision: 'accept', action: 'note' });
  });

  it('says with -v what it sends, and no secret', async () => {
    const from = bouncer.records.length;
    const { network, installation } = stage;
    const command = [process.execPath, OPENER, '-v', '--profile', profile, '-6', 'note'];
    const said = network.run(network.client, ['sh', '-c', '"$@" 2>&1', 'sh', ...command]);
    await bouncer.logged('its acceptance', (record) => record.decision === 'accept', from);
    expect(said).to.include(network.server.ipv6).and.to.include(String(PORT)).and.to.include('note');
    for (const secret of ['alice.seed', 'gate.key']) {
      expect(said.toLowerCase()).to.not.include(installation.read(secret).trim().slice(0, 16));
    }
  });

  it('warns at a terminal that the clock is not synchronised, where nothing is waited for that would tell', () => {
    const { network, installation } = stage;
    // What systemd-timesyncd leaves until a server of time has answered.
    mkdirSync(installation.path('run/systemd/timesync'), { recursive: true });
    network.cover(network.client, '/run', installation.path('run'));
    const warning = 'opener: warning: the clock of this machine is not synchronised';
    const words = ['--profile', profile, 'note'];
    expect(said(words)).to.equal('exit 0\n');
    expect(said([...words, '-v'])).to.include(warning);
    const line = [process.execPath, OPENER, ...words].join(' ');
    const argv = ['script', '--quiet', '--return', '--command', line, '/dev/null'];
    expect(network.run(network.client, argv)).to.include(warning);
    // Nothing is sent to an address of the other family: what is said is said before.
    const proxy = ['proxy', '192.0.2.77', '22', '-6', '--profile', profile, '-f', 'note'];
    expect(said(proxy)).to.not.include(warning);
    expect(said([...proxy, '-v'])).to.include(warning);
  });

  /** A folder for $XDG_CONFIG_HOME in which alice's profile has another name. */
  function configHome(name: string): string {
    const { installation } = stage;
    const folder = installation.path('config/opener');
    mkdirSync(folder, { recursive: true });
    for (const file of ['gate.key', 'alice.seed']) {
      writeFileSync(join(folder, file), installation.read(file), { mode: 0o600 });
    }
    renameSync(profile, join(folder, name));
    return installation.path('config');
  }
});

interface LockedPackage {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

describe('All that opener depends on', () => {
  const { packages } = JSON.parse(readFileSync(repositoryPath('package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };
  const closure = closureOf('packages/opener');

  it('is found in the lock file', () => {
    expect(closure).to.include.members(['packages/opener', 'packages/protocol']);
    expect(closure).to.not.include('packages/bouncer');
  });

  it('runs no script when it is installed', () => {
    expect(closure.filter((path) => packages[path]?.hasInstallScript === true)).to.deep.equal([]);
    const scripts = closure.flatMap((path) => {
      const manifest = JSON.parse(readFileSync(repositoryPath(`${path}/package.json`), 'utf8')) as {
        scripts?: Readonly<Record<string, string>>;
      };
      return ['preinstall', 'install', 'postinstall'].filter(
        (name) => manifest.scripts?.[name] !== undefined,
      );
    });
    expect(scripts).to.deep.equal([]);
  });

  it('has no native code', () => {
    expect(closure.filter((path) => existsSync(repositoryPath(`${path}/binding.gyp`)))).to.deep.equal([]);
    const prebuilt = closure.filter((path) => existsSync(repositoryPath(`${path}/prebuilds`)));
    expect(prebuilt).to.deep.equal([]);
  });

  it('would be told from what bouncer depends on', () => {
    const native = closureOf('packages/bouncer').filter((path) => packages[path]?.hasInstallScript === true);
    expect(native.map((path) => path.split('node_modules/').at(-1))).to.include('cap');
  });

  /** The paths of a package and of everything that it needs, as node finds it from there. */
  function closureOf(start: string): string[] {
    const found = new Set([start]);
    for (const path of found) {
      const { dependencies, optionalDependencies, devDependencies, ...others } = packages[path] ?? {};
      const { peerDependencies = {}, peerDependenciesMeta = {} } = others;
      // Not installed by itself: a sender needs it only for sources of its own choice.
      const peers = Object.keys(peerDependencies).filter(
        (name) => peerDependenciesMeta[name]?.optional !== true,
      );
      // What a package of ours is bundled from stands there as needed for development.
      const bundled = path === start ? Object.keys(devDependencies ?? {}) : [];
      for (const name of [
        ...Object.keys({ ...dependencies, ...optionalDependencies }),
        ...peers,
        ...bundled,
      ]) {
        const needed = locate(path, name);
        if (needed !== undefined) found.add(needed);
      }
    }
    return [...found];
  }

  /** Where a package finds another: in its own node_modules, or in those of the folders above. */
  function locate(from: string, name: string): string | undefined {
    for (let folder = from; ; folder = folder.includes('/') ? dirname(folder) : '') {
      const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      const entry = packages[path];
      if (entry !== undefined) return entry.link === true ? entry.resolved : path;
      if (folder === '') return undefined;
    }
  }
});
