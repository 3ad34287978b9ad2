import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { PORT } from '../support/installation.js';
import { OPENER } from '../support/paths.js';
import { sshOptions, startSshd } from '../support/sshd.js';
import { Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

/** Seconds that the packet asks for: enough to log in on a loaded machine, and short to wait for. */
const GRANT_SECONDS = 10;

/** A second host behind the same link, which sends no packet. */
const STRANGER = { ipv4: '192.0.2.3', ipv6: '2001:db8::3' } as const;

describe('sshd behind the guard', function () {
  this.timeout(120_000);
  const stage = new Stage();

  before(async function () {
    stage.open(this);
    const { network, installation } = stage;
    network.dropPort(PORT);
    const { client } = network;
    network.run(client, ['ip', 'addr', 'add', `${STRANGER.ipv4}/24`, 'dev', client.interface]);
    // Not preferred, so that nothing is sent from it by itself.
    const unpreferred = ['nodad', 'preferred_lft', '0'];
    network.run(client, [
      'ip',
      'addr',
      'add',
      `${STRANGER.ipv6}/64`,
      'dev',
      client.interface,
      ...unpreferred,
    ]);
    installation.addClient('alice');
    installation.writeConfig(`
[guard]
ports = ["tcp/22"]

[actions.ssh]
code = 21
allow = ["tcp/22"]
for = "30s"
max = "1h"

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh"]
`);
    await startSshd(stage);
    writeFileSync(installation.path('ssh.config'), `Host *\n${sshOptions(stage)}  ConnectTimeout 2\n`);
    await stage.bouncer();
  });

  after(() => stage.close());

  for (const family of ['ipv4', 'ipv6'] as const) {
    it(`lets in who has sent a packet, nobody else, and only for its time, over ${family}`, async () => {
      const { network, installation } = stage;
      const server = network.server[family];
      const own = network.client[family];
      expect(scan(server), 'before the packet').to.include('22/tcp filtered');
      expect(() => ssh(own, server), 'before the packet').to.throw(/timed out/i);

      const profile = installation.writeProfile('alice', server, { ssh: 21 });
      network.run(network.client, [
        process.execPath,
        OPENER,
        '--for',
        `${GRANT_SECONDS}s`,
        '--profile',
        profile,
        '-f',
        'ssh',
      ]);
      const session = await logIn(own, server);
      expect(() => ssh(STRANGER[family], server), 'from another host').to.throw(/timed out/i);

      await waitFor('the grant to end', () => (isIn(own, server) ? undefined : true), 60_000);
      expect(await session.answer('still here')).to.equal('still here');
      expect(scan(server), 'after the grant').to.include('22/tcp filtered');
      session.end();
    });
  }

  function scan(server: string): string {
    const six = server.includes(':') ? ['-6'] : [];
    const { network } = stage;
    return network.run(network.client, ['nmap', ...six, '-n', '-Pn', '-p', '22', server]);
  }

  function sshArgs(from: string, server: string): string[] {
    return ['ssh', '-F', stage.installation.path('ssh.config'), '-b', from, server];
  }

  function ssh(from: string, server: string): string {
    const { network } = stage;
    return network.run(network.client, [...sshArgs(from, server), 'echo in']);
  }

  function isIn(from: string, server: string): boolean {
    try {
      return ssh(from, server) === 'in\n';
    } catch {
      return false; // the door is shut
    }
  }

  interface Session {
    /** Has the session echo a line. */
    answer(line: string): Promise<unknown>;
    end(): void;
  }

  /** Logs in as soon as the door is open, and stays. */
  async function logIn(from: string, server: string): Promise<Session> {
    const { network } = stage;
    await waitFor('the door to open', () => (isIn(from, server) ? true : undefined));
    const child: ChildProcess = network.start(network.client, [...sshArgs(from, server), 'cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    stage.whenClosed(() => child.kill());
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('ssh has no streams');
    const lines = createInterface({ input: stdout });
    const answer = async (line: string): Promise<unknown> => {
      stdin.write(`${line}\n`);
      const [echo] = (await once(lines, 'line', { signal: AbortSignal.timeout(20_000) })) as unknown[];
      return echo;
    };
    expect(await answer('hello')).to.equal('hello');
    return { answer, end: () => stdin.end() };
  }
});
