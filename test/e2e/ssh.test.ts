import { createHash, randomFillSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Bouncer } from '../support/bouncer.js';
import { bouncerCommand } from '../support/command.js';
import { PORT, SERVER_ID } from '../support/installation.js';
import type { Host } from '../support/network.js';
import { OPENER } from '../support/paths.js';
import { sshOptions, startSshd } from '../support/sshd.js';
import { Stage } from '../support/stage.js';

const SERVER_NAME = 'gate.example.net';

const LARGE_FILE_SIZE = 64 * 1024 * 1024;

/** Milliseconds after which a command that hangs is ended. */
const PATIENCE = 60_000;

describe('ssh through opener', function () {
  this.timeout(90_000);
  const stage = new Stage();
  let bouncer: Bouncer;

  before(async function () {
    stage.open(this);
    const { network, installation } = stage;
    network.dropPort(PORT);
    installation.addClient('alice');
    installation.writeConfig(`
[guard]
ports = ["tcp/22"]

[actions.ssh]
code = 21
allow = ["tcp/22"]
for = "30s"

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh"]
`);
    bouncer = await stage.bouncer();
    writeProfiles();
    await startSshd(stage);
    stage.nameServer(SERVER_NAME);
    writeClientSide();
  });

  after(async () => {
    await stage.close();
  });

  beforeEach(async () => {
    // Each finds the door shut.
    const { status } = await bouncerCommand(['revoke', '--all', '-c', stage.installation.config]);
    expect(status).to.equal(0);
  });

  /** One profile for each of the server's addresses, and one for its name, which has both. */
  function writeProfiles(): void {
    const { network, installation } = stage;
    mkdirSync(installation.path('opener'), { mode: 0o700 });
    const { ipv4, ipv6 } = network.server;
    for (const [name, host] of Object.entries({ ipv4, ipv6, both: SERVER_NAME })) {
      const profile = `host = "${host}"
port = ${PORT}
server_id = "${SERVER_ID}"
gate_key_file = "../gate.key"
seed_file = "../alice.seed"
[actions.ssh]
code = 21
opens = ["tcp/22"]
`;
      writeFileSync(installation.path(`opener/${name}.toml`), profile, { mode: 0o600 });
    }
  }

  function writeClientSide(): void {
    const { installation } = stage;
    // ssh finds `opener` in $PATH, as it does once the package is installed.
    const command = installation.path('opener-command/opener');
    mkdirSync(installation.path('opener-command'));
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${OPENER}' "$@"\n`);
    chmodSync(command, 0o755);
    const common = sshOptions(stage);
    writeFileSync(installation.path('proxy.config'), `Host *\n${common}  ProxyCommand opener proxy %h %p\n`);
    writeFileSync(
      installation.path('match.config'),
      `Match host ${stage.network.server.ipv4} exec "opener ipv4 ssh"\nMatch all\n${common}`,
    );
    writeFileSync(installation.path('plain.config'), `Host *\n${common}  ConnectTimeout 2\n`);
  }

  function run(host: Host, argv: readonly string[]): string {
    const { installation, network } = stage;
    const path = `PATH=${installation.path('opener-command')}:${process.env['PATH'] ?? ''}`;
    const surroundings = [path, `XDG_CONFIG_HOME=${installation.folder}`, `HOME=${installation.folder}`];
    return network.run(host, ['timeout', String(PATIENCE / 1000), 'env', ...surroundings, ...argv]);
  }

  function ssh(config: string, ...args: string[]): string {
    return run(stage.network.client, ['ssh', '-F', stage.installation.path(config), ...args]);
  }

  /** `ssh` with its options, as one word for programs that start it themselves. */
  function sshCommand(): string {
    return `ssh -F ${stage.installation.path('proxy.config')}`;
  }

  /** Writes a file of random bytes. @returns its checksum */
  function writeLargeFile(name: string): string {
    const bytes = randomFillSync(Buffer.alloc(LARGE_FILE_SIZE));
    writeFileSync(stage.installation.path(name), bytes);
    return createHash('sha256').update(bytes).digest('hex');
  }

  function checksum(name: string): string {
    return createHash('sha256')
      .update(readFileSync(stage.installation.path(name)))
      .digest('hex');
  }

  it('finds the door shut without it', () => {
    expect(() => ssh('plain.config', stage.network.server.ipv4, 'true')).to.throw(/timed out/i);
  });

  for (const family of ['ipv4', 'ipv6'] as const) {
    it(`as ProxyCommand runs a command over ${family}, with its output and exit status`, async () => {
      const address = stage.network.server[family];
      const from = bouncer.records.length;
      expect(ssh('proxy.config', address, 'echo out')).to.equal('out\n');
      await bouncer.logged('its acceptance', ({ decision }) => decision === 'accept', from);
      let status: unknown;
      try {
        ssh('proxy.config', address, 'exit 42');
      } catch (error) {
        status = (error as { readonly status?: unknown }).status;
      }
      expect(status).to.equal(42);
    });
  }

  for (const [dead, family] of [
    ['ip6', 'ipv4'],
    ['ip', 'ipv6'],
  ] as const) {
    it(`gets in over ${family} by a name that has both, where the other leads nowhere`, async () => {
      const { network } = stage;
      const rules = `table ${dead} dead { chain input { type filter hook input priority -200; tcp dport 22 drop; }; }`;
      network.run(network.server, ['nft', '-f', '-'], rules);
      try {
        const from = bouncer.records.length;
        expect(ssh('proxy.config', SERVER_NAME, 'echo in')).to.equal('in\n');
        const address = network.client[family];
        await bouncer.logged('its acceptance', (record) => record['address'] === address, from);
      } finally {
        network.run(network.server, ['nft', 'delete', 'table', dead, 'dead']);
      }
    });
  }

  it('as ProxyCommand says what is wrong, if the host has no profile', () => {
    expect(() => ssh('proxy.config', '192.0.2.77', 'true')).to.throw(
      /\nopener: no profile for "192\.0\.2\.77": /,
    );
  });

  it('as a condition in ssh_config opens the door before ssh connects by itself', () => {
    expect(ssh('match.config', stage.network.server.ipv4, 'echo in')).to.equal('in\n');
  });

  it('copies a large file both ways with scp', () => {
    const { installation, network } = stage;
    const expected = writeLargeFile('large');
    const scp = ['scp', '-q', '-F', installation.path('proxy.config')];
    run(network.client, [
      ...scp,
      installation.path('large'),
      `[${network.server.ipv6}]:${installation.path('up')}`,
    ]);
    expect(checksum('up')).to.equal(expected);
    run(network.client, [
      ...scp,
      `${network.server.ipv4}:${installation.path('up')}`,
      installation.path('down'),
    ]);
    expect(checksum('down')).to.equal(expected);
  });

  it('copies a folder with rsync', () => {
    const { installation, network } = stage;
    mkdirSync(installation.path('folder'));
    const expected = writeLargeFile('folder/large');
    const target = `${network.server.ipv4}:${installation.path('copy')}`;
    run(network.client, ['rsync', '-a', '-e', sshCommand(), `${installation.path('folder')}/`, target]);
    expect(checksum('copy/large')).to.equal(expected);
  });

  it('clones a git repository', () => {
    const { installation, network } = stage;
    const repository = installation.path('repository.git');
    const git = ['git', '-c', 'user.name=A', '-c', 'user.email=a@example.net', '-c', 'safe.directory=*'];
    const work = installation.path('work');
    run(network.server, [...git, 'init', '-q', work]);
    writeFileSync(installation.path('work/file'), 'content\n');
    run(network.server, [...git, '-C', work, 'add', 'file']);
    run(network.server, [...git, '-C', work, 'commit', '-q', '-m', 'one']);
    run(network.server, [...git, 'clone', '-q', '--bare', work, repository]);
    const clone = installation.path('clone');
    run(network.client, [
      'env',
      `GIT_SSH_COMMAND=${sshCommand()}`,
      'git',
      'clone',
      '-q',
      `ssh://${network.server.ipv4}${repository}`,
      clone,
    ]);
    expect(readFileSync(installation.path('clone/file'), 'utf8')).to.equal('content\n');
  });
});
