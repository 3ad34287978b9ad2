import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { bouncerCommand, type Ending } from '../support/command.js';
import { Installation, SERVER_ID } from '../support/installation.js';
import { OPENER } from '../support/paths.js';
import { needsRoot } from '../support/root.js';
import { Stage } from '../support/stage.js';
import { Tmpfs } from '../support/tmpfs.js';

/** Writes a config with a folder of clients, and nobody in it. */
function writeConfig(installation: Installation, host: string): void {
  const tables = `[actions.note]
code = 21
run = ["/bin/true"]

[actions.other]
code = 22
run = ["/bin/true"]

[clients.old]
seed_file = "old.seed"
actions = []
`;
  installation.writeConfig(tables, { server: `host = "${host}"\nclients_dir = "clients.d"` });
  installation.addClient('old');
  mkdirSync(installation.path('clients.d'), { mode: 0o700 });
}

/** Runs `bouncer client`. */
function client({ config }: Installation, ...args: string[]): Promise<Ending> {
  return bouncerCommand(['client', ...args, '-c', config]);
}

/** Runs `bouncer client`, which has to succeed. @returns its standard output */
async function enrol(installation: Installation, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await client(installation, ...args);
  expect(status, stderr).to.equal(0);
  return stdout;
}

describe('A client that is enrolled', () => {
  const stage = new Stage();
  let bouncer: Bouncer;

  beforeEach(async function () {
    stage.open(this);
    writeConfig(stage.installation, stage.network.server.ipv4);
    bouncer = await stage.bouncer();
  });

  afterEach(() => stage.close());

  /** Runs `opener` on the client's host. */
  function opener(args: readonly string[], input = ''): string {
    const { network, installation } = stage;
    const home = `XDG_CONFIG_HOME=${installation.path('home')}`;
    return network.run(network.client, ['env', home, process.execPath, OPENER, ...args], input);
  }

  /** What becomes of one packet of a profile. */
  async function decision(profile: string): Promise<LogRecord> {
    const from = bouncer.records.length;
    opener([profile, 'note']);
    return bouncer.logged('a decision', (record) => record.decision !== undefined, from);
  }

  it('is let in, changes over to a new seed while the old one holds, and is gone when it is removed', async () => {
    const { installation } = stage;
    const bundle = await enrol(installation, 'add', 'alice', '--action', 'note');
    opener(['import', '-', '--name', 'first'], bundle);
    expect(await decision('first')).to.include({ decision: 'accept', client: 'alice', action: 'note' });

    opener(['import', '-', '--name', 'second'], await enrol(installation, 'rotate', 'alice'));
    for (const profile of ['first', 'second']) {
      expect(await decision(profile), profile).to.include({ decision: 'accept', client: 'alice' });
    }

    const third = await enrol(installation, 'rotate', 'alice', '--overlap', '1s');
    opener(['import', '-', '--name', 'third'], third);
    expect(await decision('first')).to.include({ decision: 'reject', reason: 'locator' });
    const [, until = ''] = /previous_until = (.*)/.exec(installation.read('clients.d/alice.toml')) ?? [];
    await sleep(Math.max(0, Date.parse(until) - Date.now() + 1));
    expect(await decision('second')).to.include({ decision: 'reject', reason: 'expired', client: 'alice' });
    expect(await decision('third')).to.include({ decision: 'accept', client: 'alice' });

    await enrol(installation, 'remove', 'alice', '--no-reload');
    expect(await decision('third')).to.include({ decision: 'accept', client: 'alice' });
    await bouncer.reload();
    expect(await decision('third')).to.include({ decision: 'reject', reason: 'locator' });
  }).timeout(90_000);
});

describe('bouncer init', function () {
  this.timeout(60_000);
  let installation: Installation;

  beforeEach(() => {
    installation = Installation.make();
  });

  afterEach(() => {
    installation.remove();
  });

  /** Runs `bouncer init` for a config in a folder that is not there yet. */
  function init(...args: string[]): Promise<Ending> {
    return bouncerCommand(['init', ...args, '-c', installation.path('new/bouncer.toml')]);
  }

  it('writes a config that check likes, for root alone, and says what to do next', async () => {
    const { status, stdout, stderr } = await init('--host', SERVER_ID);
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    const config = installation.path('new/bouncer.toml');
    expect(stdout).to.include(`  bouncer client add NAME --action ssh --qr -c ${config}\n`);
    for (const [name, mode] of [
      ['', 0o700],
      ['bouncer.toml', 0o600],
      ['gate.key', 0o600],
      ['clients.d', 0o700],
      ['state', 0o700],
    ] as const) {
      expect(statSync(installation.path(`new/${name}`)).mode & 0o777, name).to.equal(mode);
    }
    const checked = await bouncerCommand(['check', '-c', config]);
    expect(checked.stdout).to.equal(`${config}: ok, 0 clients, 1 action\n`);

    const added = await bouncerCommand([
      'client',
      'add',
      'alice',
      '--action',
      'ssh',
      '--no-reload',
      '-c',
      config,
    ]);
    const asked = await bouncerCommand(['status', '-c', config]);
    expect(asked.stderr).to.include(`nobody listens at ${installation.path('new/control.sock')}`);
    const home = { ...process.env, XDG_CONFIG_HOME: installation.path('home') };
    const shown = execFileSync(process.execPath, [OPENER, 'import', '-'], {
      input: added.stdout,
      env: home,
      encoding: 'utf8',
    });
    expect(shown).to.match(/^action {3}ssh \(21, opens tcp\/\d+/m);
  });

  it('says of a name without a domain that clients will hardly find it, and of no other', async () => {
    for (const [host, isWarned] of [
      ['gate', true],
      [SERVER_ID, false],
      ['192.0.2.1', false],
      ['2001:db8::1', false],
    ] as const) {
      const config = installation.path(`${host}/bouncer.toml`);
      const { stderr } = await bouncerCommand(['init', '--host', host, '-c', config]);
      const warning = `bouncer: "${host}" is hardly a name that clients find: write server.host in ${config}\n`;
      expect(stderr).to.equal(isWarned ? warning : '');
    }
  });

  it('draws another port for each server, of those that nobody is given to go out from', async () => {
    const ports = new Set<number>();
    for (const folder of ['a', 'b', 'c']) {
      const config = installation.path(`${folder}/bouncer.toml`);
      await bouncerCommand(['init', '--host', SERVER_ID, '-c', config]);
      ports.add(Number(/^port = (\d+)/m.exec(installation.read(`${folder}/bouncer.toml`))?.[1]));
    }
    expect(ports.size).to.be.greaterThan(1);
    for (const port of ports) expect(port).to.be.within(10_000, 32_767);
  });

  it('leaves a config alone that is there', async () => {
    await init();
    const before = ['bouncer.toml', 'gate.key'].map((name) => installation.read(`new/${name}`));
    const { status, stderr } = await init();
    const config = installation.path('new/bouncer.toml');
    expect(stderr).to.equal(`bouncer: ${config} is there already; nothing was changed\n`);
    expect(status).to.equal(1);
    expect(['bouncer.toml', 'gate.key'].map((name) => installation.read(`new/${name}`))).to.deep.equal(
      before,
    );
  });

  it('goes on where it was interrupted, with the gate key that is there', async () => {
    await init();
    const key = installation.read('new/gate.key');
    rmSync(installation.path('new/bouncer.toml'));
    expect((await init()).status).to.equal(0);
    expect(installation.read('new/gate.key')).to.equal(key);
  });
});

describe('bouncer client', function () {
  this.timeout(60_000);
  let installation: Installation;

  beforeEach(() => {
    installation = Installation.make();
    writeConfig(installation, SERVER_ID);
  });

  afterEach(() => {
    installation.remove();
  });

  /** The names and contents of all that is in the folder of clients. */
  function folder(): Record<string, string> {
    const names = readdirSync(installation.path('clients.d')).sort();
    return Object.fromEntries(names.map((name) => [name, installation.read(`clients.d/${name}`)]));
  }

  /** Expects that a command fails with one line, and that no client is another than before. */
  async function expectRefusal(status: number, says: string, ...args: string[]): Promise<void> {
    const before = folder();
    const ending = await client(installation, ...args);
    expect(ending.stdout).to.equal('');
    expect(ending.stderr.split('\n')[0]).to.equal(
      `bouncer: ${says.replaceAll('FOLDER', installation.folder)}`,
    );
    expect(ending.status).to.equal(status);
    expect(folder()).to.deep.equal(before);
  }

  it('says that no daemon is there to read the change', async () => {
    const { status, stderr } = await client(installation, 'add', 'alice', '--action', 'note');
    const socket = installation.path('control.sock');
    expect(stderr).to.include(`no daemon answers at ${socket}; it will be in force when one starts\n`);
    expect(status).to.equal(0);
  });

  it('add writes a file for root alone, with networks, a last day and a binding, that check likes', async () => {
    const out = installation.path('alice.bundle');
    const options = ['--from', '192.0.2.0/24', '--not-after', '2099-06-30', '--bind', 'strict', '--out', out];
    await enrol(installation, 'add', 'alice', '--action', 'note', '--action', 'other', ...options);
    const file = installation.path('clients.d/alice.toml');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readFileSync(file, 'utf8')).to.match(
      /^\[clients\.alice\]\nseed = "[0-9a-f]{64}"\nactions = \["note", "other"\]\nfrom = \["192\.0\.2\.0\/24"\]\nnot_after = 2099-06-30\nbind = "strict"\n$/,
    );
    expect(readFileSync(out, 'utf8')).to.include('\nallow = "source"\n');
    const { stdout } = await bouncerCommand(['check', '-c', installation.config]);
    expect(stdout).to.equal(`${installation.config}: ok, 2 clients, 2 actions\n`);
  });

  it('add --out writes a bundle for its owner alone, which opener takes as it is', async () => {
    const out = installation.path('alice.bundle');
    expect(await enrol(installation, 'add', 'alice', '--action', 'note', '--out', out)).to.equal('');
    expect(statSync(out).mode & 0o777).to.equal(0o600);
    const packet = execFileSync(process.execPath, [OPENER, '--profile', out, 'note', '--print']);
    expect(Buffer.from(packet.toString(), 'base64').length).to.be.within(124, 508);
  });

  it('add --out leaves a file alone that is there, and makes no client', async () => {
    const out = installation.path('alice.bundle');
    writeFileSync(out, 'mine');
    const args = ['add', 'alice', '--action', 'note', '--out', out];
    await expectRefusal(1, 'FOLDER/alice.bundle: file already exists', ...args);
    expect(readFileSync(out, 'utf8')).to.equal('mine');
  });

  it('add --qr draws what a reader of QR codes takes for the bundle', async () => {
    writeFileSync(installation.path('passphrase'), 'correct horse\n', { mode: 0o600 });
    const options = ['--qr', '--passphrase-file', installation.path('passphrase')];
    const drawn = await enrol(
      installation,
      'add',
      'alice',
      '--action',
      'note',
      '--action',
      'other',
      ...options,
    );
    const lines = drawn.trimEnd().split('\n');
    for (const line of lines) expect(line.length).to.be.at.most(80);
    // An image of one bit a pixel (pbm(5)), four pixels a module.
    const rows = lines.flatMap((line) =>
      ['▀█', '▄█'].map((light) => line.split('').map((c) => light.includes(c))),
    );
    const pixels = rows.flatMap((row) =>
      Array<string>(4).fill(row.map((on) => (on ? '0000' : '1111')).join('')),
    );
    const image = installation.path('code.pbm');
    writeFileSync(image, `P1\n${pixels[0]?.length ?? 0} ${pixels.length}\n${pixels.join('\n')}\n`);
    const read = execFileSync('zbarimg', ['--quiet', '--raw', image], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(read).to.match(/^bouncer:A[g-v][\w-]+\n$/);
    const home = { ...process.env, XDG_CONFIG_HOME: installation.path('home') };
    const args = ['import', '-', '--passphrase-file', installation.path('passphrase')];
    const shown = execFileSync(process.execPath, [OPENER, ...args], {
      input: read,
      env: home,
      encoding: 'utf8',
    });
    expect(shown).to.include('action   note (21)\naction   other (22)\n');
  });

  it('rotate changes the seed in the file, and nothing else that the administrator wrote there', async () => {
    await enrol(installation, 'add', 'alice', '--action', 'note');
    const before = `# Alice\n${installation.read('clients.d/alice.toml')}bind = "strict" # she is always at home\n`;
    writeFileSync(installation.path('clients.d/alice.toml'), before);
    await enrol(installation, 'rotate', 'alice', '--overlap', '0');
    const after = installation.read('clients.d/alice.toml');
    const seed = /[0-9a-f]{64}/;
    expect(after).to.not.equal(before);
    expect(after.replace(seed, '')).to.equal(before.replace(seed, ''));
  });

  it('list shows the clients of config and folder without their secrets, also as JSON', async () => {
    await enrol(installation, 'add', 'alice', '--action', 'note', '--not-after', '2099-06-30');
    await enrol(installation, 'rotate', 'alice');
    const [, until = ''] = /previous_until = (.*)Z/.exec(installation.read('clients.d/alice.toml')) ?? [];
    const file = installation.path('clients.d/alice.toml');
    const rows = JSON.parse(await enrol(installation, 'list', '--json')) as unknown;
    expect(rows).to.deep.equal([
      { name: 'old', actions: [], not_after: null, previous_until: null, file: installation.config },
      { name: 'alice', actions: ['note'], not_after: '2099-06-30', previous_until: `${until}.000Z`, file },
    ]);
    const listed = await enrol(installation, 'list');
    expect(listed.split('\n')[2]).to.match(/^alice +note +2099-06-30 +\S+Z +\/\S+alice\.toml$/);
    expect(listed).to.not.match(/[0-9a-f]{64}/);
  });

  it('leaves what it cannot understand to the administrator', async () => {
    await enrol(installation, 'add', 'alice', '--action', 'note');
    const text = installation.read('clients.d/alice.toml');
    const bob = text.replace('alice', 'bob').replace(/[0-9a-f]{64}/, '0b'.repeat(32));
    writeFileSync(installation.path('clients.d/alice.toml'), `${text}${bob}`);
    const carol = `clients.carol = { seed = "${'0c'.repeat(32)}", actions = [] }\n`;
    writeFileSync(installation.path('clients.d/carol.toml'), carol, { mode: 0o600 });
    const file = 'FOLDER/clients.d/alice.toml';
    await expectRefusal(1, 'client "old" is in FOLDER/bouncer.toml: change it there', 'remove', 'old');
    await expectRefusal(1, `client "alice" is in ${file} with others: change it there`, 'remove', 'alice');
    await expectRefusal(1, `client "bob" is in ${file}: change it there`, 'rotate', 'bob');
    const reason = 'has its seed where it cannot be exchanged: write seed = "..." on one line';
    await expectRefusal(1, `FOLDER/clients.d/carol.toml ${reason}`, 'rotate', 'carol');
  });

  it('refuses what makes no sense, and changes nothing', async () => {
    await enrol(installation, 'add', 'alice', '--action', 'note');
    writeFileSync(installation.path('open'), 'passphrase\n');
    chmodSync(installation.path('open'), 0o644);
    const taken = 'there is a client "alice" already, in FOLDER/clients.d/alice.toml';
    const exposed = 'FOLDER/open has mode 0644, so others can read it: chmod 600 FOLDER/open';
    const note = ['--action', 'note'];
    for (const [status, says, ...args] of [
      [1, taken, 'add', 'alice', ...note],
      [1, 'there is no action "nope"; the config has note, other', 'add', 'bob', '--action', 'nope'],
      [2, '--action is missing: a client may do what it is given', 'add', 'bob'],
      [2, '--not-after 2001-01-01 is over already', 'add', 'bob', ...note, '--not-after', '2001-01-01'],
      [
        2,
        '--not-after expected a date such as 2027-06-30 or 2027-06-30T12:00:00Z',
        'add',
        'bob',
        ...note,
        '--not-after',
        '2099-02-30',
      ],
      [2, '--from "192.0.2.1/33" has more than 32 bits', 'add', 'bob', ...note, '--from', '192.0.2.1/33'],
      [1, exposed, 'add', 'bob', ...note, '--passphrase-file', installation.path('open')],
      [2, 'expected the name of one client: letters, digits, ".", "_" and "-"', 'remove', '../alice'],
      [1, 'there is no client "bob": see bouncer client list', 'rotate', 'bob'],
      [
        2,
        '--overlap expected a duration such as "12h" or "7d", or 0',
        'rotate',
        'alice',
        '--overlap',
        'soon',
      ],
      [2, 'unknown command "client frobnicate"', 'frobnicate'],
    ] as const) {
      await expectRefusal(status, says, ...args);
    }
  });

  it('names after what makes no sense the help that has the options', async () => {
    for (const [args, help] of [
      [['add', 'bob'], 'bouncer client add --help'],
      [['rotate'], 'bouncer client rotate --help'],
      [['frobnicate'], 'bouncer client --help'],
    ] as const) {
      expect((await client(installation, ...args)).stderr).to.match(new RegExp(`\nTry: ${help}\n$`));
    }
  });

  it('has one of two administrators wait for the other, and lets only one add a name', async () => {
    const holder = spawn('flock', [installation.folder, 'sh', '-c', 'echo held; read line'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(holder.stdout, 'data');
    const names = ['alice', 'alice', 'bob', 'carol'];
    const endings = Promise.all(names.map((name) => client(installation, 'add', name, '--action', 'note')));
    let ended = false;
    void endings.then(() => {
      ended = true;
    });
    await sleep(1_000);
    expect(ended).to.equal(false);
    expect(folder()).to.deep.equal({});
    holder.stdin.end('\n');
    expect((await endings).map(({ status }) => status).sort()).to.deep.equal([0, 0, 0, 1]);
    expect(Object.keys(folder())).to.deep.equal(['alice.toml', 'bob.toml', 'carol.toml']);
  });

  it('removes what an interrupted write left behind', async () => {
    writeFileSync(installation.path('clients.d/.bob.toml.0123456789ab.new'), 'half a se', { mode: 0o600 });
    await enrol(installation, 'add', 'alice', '--action', 'note');
    expect(Object.keys(folder())).to.deep.equal(['alice.toml']);
  });

  it('leaves everything as it was when the disk is full', async function () {
    needsRoot(this);
    const disk = new Tmpfs(installation.path('clients.d'), 64);
    try {
      await enrol(installation, 'add', 'alice', '--action', 'note');
      disk.fill();
      const before = folder();
      const out = installation.path('bundle');
      for (const args of [
        ['add', 'bob', '--action', 'note', '--out', out],
        ['rotate', 'alice', '--out', out],
      ]) {
        const { status, stderr } = await client(installation, ...args);
        expect(stderr).to.match(/^bouncer: \S+clients\.d\/(alice|bob)\.toml: no space left on device\n$/);
        expect(status).to.equal(1);
        expect(folder()).to.deep.equal(before);
        expect(readdirSync(installation.folder)).to.not.include('bundle');
      }
    } finally {
      disk.unmount();
    }
  });
});
