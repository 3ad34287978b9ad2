import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { PORT } from '../support/installation.js';
import { OPENER_SH } from '../support/paths.js';
import { decisionOn, Stage } from '../support/stage.js';

/** A name that the client finds both addresses of the server under. */
const SERVER_NAME = 'gate.example.net';

/** What opener.sh runs, besides the shell and what sends. */
const COMMANDS = ['cat', 'date', 'dd', 'getent', 'id', 'ip', 'ls', 'od', 'openssl', 'sed', 'tr'];

const SHELLS = { dash: ['dash'], bash: ['bash'], busybox: ['busybox', 'ash'] } as const;

describe('opener.sh', () => {
  const stage = new Stage();
  let bouncer: Bouncer;

  before(async function () {
    stage.open(this);
    const { installation, network } = stage;
    network.dropPort(PORT);
    for (const name of ['alice', 'carol']) installation.addClient(name);
    installation.writeConfig(`
[actions.note]
code = 21
run = ["/bin/echo", "{address} {duration} [{argument}]"]
argument = ".*"
for = "30s"
max = "10m"

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
bind = "any"

[clients.carol]
seed_file = "carol.seed"
actions = ["note"]
bind = "strict"
`);
    installation.writeProfile('alice', network.server.ipv4, { note: 21 });
    bouncer = await stage.bouncer();
    stage.nameServer(SERVER_NAME);
  });

  after(() => stage.close());

  for (const [shell, sender, family] of [
    ['dash', 'bash', 'ipv4'],
    ['dash', 'bash', 'ipv6'],
    ['dash', 'socat', 'ipv4'],
    ['dash', 'socat', 'ipv6'],
    ['dash', 'nc', 'ipv4'],
    ['dash', 'nc', 'ipv6'],
    ['bash', 'bash', 'ipv4'],
    ['busybox', 'nc', 'ipv6'],
  ] as const) {
    it(`under ${shell} is let in with what ${sender} sends over ${family}`, async () => {
      const accept = await decision(['-d', stage.network.server[family], 'note'], { shell, sender });
      expect(accept).to.include({
        decision: 'accept',
        client: 'alice',
        address: stage.network.client[family],
        duration: 30,
      });
    });
  }

  for (const [option, family] of [
    ['-4', 'ipv4'],
    ['-6', 'ipv6'],
  ] as const) {
    it(`sends to the address of that family with ${option}`, async () => {
      const accept = await decision(['-d', SERVER_NAME, option, 'note'], { sender: 'bash' });
      expect(accept).to.include({ decision: 'accept', source: stage.network.client[family] });
    });
  }

  for (const [words, family] of [
    [['-d', SERVER_NAME, '-4'], 'ipv4'],
    [['-d', SERVER_NAME, '-6'], 'ipv6'],
    [['-d', SERVER_NAME], undefined],
    [['-d', '192.0.2.1'], 'ipv4'],
  ] as const) {
    it(`names the address that it sends from with --allow source, to ${words.join(' ')}`, async () => {
      const seed = stage.installation.path('carol.seed');
      const accept = await decision([...words, '-k', seed, '--allow', 'source', 'note'], {});
      expect(accept).to.include({ decision: 'accept', client: 'carol' });
      if (family !== undefined) expect(accept['address']).to.equal(stage.network.client[family]);
    });
  }

  it('has the action told what it was asked for', async () => {
    const isEnd = ({ output }: LogRecord) => String(output).includes('2001:db8:7::1');
    opener(['note', '--allow', '2001:db8:7::1', '--for', '2m', '--arg', ' a; $(b) ü '], {});
    const end = await bouncer.logged('the end of the action', isEnd);
    expect(end['output']).to.equal('2001:db8:7::1 120 [ a; $(b) ü ]\n');
  });

  it('prints with --print a packet that is accepted when it is sent by hand, and sends none', async () => {
    const printed = opener(['--print', 'note'], {});
    const accept = await decisionOn(stage, bouncer, stage.sender(), Buffer.from(printed, 'base64'));
    expect(accept).to.include({ decision: 'accept' });
  });

  it('says why a datagram did not go', () => {
    const { client } = stage.network;
    const argv = command(['-d', '198.51.100.7', 'note'], {});
    const script = '"$@" 2>&1; echo "exit $?"';
    const said = stage.network.run(client, ['sh', '-c', script, 'sh', ...argv]);
    expect(said).to.equal(
      'opener.sh: could not send to 198.51.100.7 port 51324: Network is unreachable\nexit 1\n',
    );
  });

  interface Surroundings {
    readonly shell?: keyof typeof SHELLS;
    readonly sender?: 'bash' | 'socat' | 'nc';
  }

  /** The words that run it with one command to send with, and no other. */
  function command(args: readonly string[], { shell = 'dash', sender = 'bash' }: Surroundings): string[] {
    const folder = commandFolder(sender);
    const [program, ...words] = SHELLS[shell];
    const profile = stage.installation.path('alice.profile.toml');
    return [
      'env',
      '-i',
      `PATH=${folder}`,
      pathOf(program),
      ...words,
      OPENER_SH,
      '--profile',
      profile,
      ...args,
    ];
  }

  /** Runs it on the client. @returns its standard output */
  function opener(args: readonly string[], surroundings: Surroundings): string {
    return stage.network.run(stage.network.client, command(args, surroundings));
  }

  async function decision(args: readonly string[], surroundings: Surroundings): Promise<LogRecord> {
    const from = bouncer.records.length;
    expect(opener(args, surroundings)).to.equal('');
    return bouncer.logged('a decision', (record) => record.decision !== undefined, from);
  }

  /** A folder for $PATH with what opener.sh names, and one command to send with. */
  function commandFolder(sender: string): string {
    const folder = stage.installation.path(`with-${sender}`);
    if (mkdirSync(folder, { recursive: true }) === undefined) return folder;
    for (const name of [...COMMANDS, sender]) symlinkSync(pathOf(name), join(folder, name));
    return folder;
  }
});

function pathOf(name: string): string {
  return execFileSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim();
}
