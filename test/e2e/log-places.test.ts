import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { repositoryPath } from '../support/paths.js';
import { needsService } from '../support/root.js';
import { Rsyslog } from '../support/rsyslog.js';
import type { Sender } from '../support/sender.js';
import { commandLineOf, pidsOn } from '../support/processes.js';
import { Stage } from '../support/stage.js';
import { waitFor, waitUntil } from '../support/wait.js';

/** The devices that programs need, with their numbers (mem(4), random(4)). */
const DEVICES = { null: 3, zero: 5, full: 7, random: 8, urandom: 9 };

describe('The log that goes to a file and to syslog', () => {
  const stage = new Stage();
  let rsyslog: Rsyslog;
  let bouncer: Bouncer;
  let sender: Sender;

  before(async function () {
    needsService(this, 'rsyslog');
    stage.open(this);
    const { installation, network } = stage;
    for (const name of ['alice', 'stranger']) installation.addClient(name);
    // /dev/log is to be a socket of our own.
    const dev = installation.path('dev');
    mkdirSync(dev);
    for (const [name, minor] of Object.entries(DEVICES)) {
      execFileSync('mknod', ['-m', '666', `${dev}/${name}`, 'c', '1', String(minor)]);
    }
    network.cover(network.server, '/dev', dev);
    rsyslog = new Rsyslog(installation.folder, `${dev}/log`);
    stage.whenClosed(() => rsyslog.kill());
    await rsyslog.start();

    installation.writeConfig(`
[log]
file = "log/bouncer.log"
syslog = "authpriv"
rejects_per_minute = 10000

[actions.note]
code = 21
run = ["/bin/echo", '{"name":"bouncer","hostname":"x","pid":1,"level":40,"decision":"reject","reason":"tag","source":"192.0.2.66","port":1,']

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`);
    sender = stage.sender();
    bouncer = await stage.bouncer(['--pid-file', installation.path('bouncer.pid')]);
  });

  after(() => stage.close());

  function file(): string {
    return stage.installation.read('log/bouncer.log');
  }

  async function accept(): Promise<LogRecord> {
    const from = bouncer.records.length;
    await sender.send(stage.installation.packet('alice', 21), stage.network.server.ipv4);
    return bouncer.logged('the end of the action', ({ msg }) => msg.startsWith('action note'), from);
  }

  function strange(): Uint8Array {
    return stage.installation.packet('stranger', 21);
  }

  async function reject(count: number): Promise<void> {
    const wanted = bouncer.rejected.length + count;
    for (let sent = 0; sent < count; sent++) await sender.send(strange(), stage.network.server.ipv4);
    await waitFor(`${wanted} rejects`, () => bouncer.rejected.length >= wanted || undefined);
  }

  /** The number of lines that fail2ban would count against somebody. */
  function countByFail2ban(path: string): number {
    const filter = repositoryPath('configs/fail2ban/filter.d/bouncer.conf');
    const said = execFileSync('fail2ban-regex', ['--out', 'ip', path, filter], { encoding: 'utf8' });
    return said.split('\n').filter((line) => line === stage.network.client.ipv4).length;
  }

  it('says on standard output that the file cannot be written, and goes on', async () => {
    const problem = await bouncer.logged('the problem', ({ msg }) => msg.startsWith("the log's file cannot"));
    expect(problem.level).to.equal(50);
    expect(problem.reason).to.match(/^ENOENT: /);
    expect(await accept()).to.include({ status: 0 });
  });

  it('goes to the file as soon as that can be written, and says how many lines were lost', async () => {
    const { installation } = stage;
    mkdirSync(installation.path('log'));
    const before = bouncer.lines.length;
    await waitUntil('lines in the file', async () => {
      await accept();
      return file() !== '';
    });
    const [first = '', ...others] = file().trim().split('\n');
    expect(JSON.parse(first)).to.include({ level: 40 });
    expect((JSON.parse(first) as LogRecord).msg).to.match(/^\d+ log lines were lost: ENOENT: /);
    expect(bouncer.lines.slice(before).join('\n')).to.include(others.join('\n'));
  });

  it('goes to a file that only root can write, and others cannot read', () => {
    expect(statSync(stage.installation.path('log/bouncer.log')).mode & 0o777).to.equal(0o640);
  });

  it('goes to syslog with facility, priority and process', async () => {
    await reject(1);
    const told = (severity: string, text: string): boolean => {
      const head = `authpriv.${severity} bouncer[${bouncer.pid}]: {"name":"bouncer",`;
      return rsyslog.told.some((line) => line.startsWith(head) && line.includes(text));
    };
    await waitFor('a reject', () => told('warning', '"decision":"reject"') || undefined);
    expect(told('info', '"decision":"accept"')).to.equal(true);
    expect(told('err', "the log's file cannot be written")).to.equal(true);
  });

  it('has rejects of strangers counted by the filter for fail2ban, and nothing else', async function () {
    needsService(this, 'fail2ban');
    await reject(3);
    await accept();
    await waitFor('the last line', () => rsyslog.last.includes('action note') || undefined);
    // One was before, and the action says what looks like one.
    expect(countByFail2ban(stage.installation.path('log/bouncer.log'))).to.equal(4);
    expect(countByFail2ban(rsyslog.usual)).to.equal(4);
  });

  it('goes on in a new file after logrotate has moved the old one away', async () => {
    const { installation } = stage;
    const snippet = readFileSync(repositoryPath('configs/logrotate'), 'utf8')
      .replaceAll('/var/log/bouncer', installation.path('log'))
      .replaceAll('/run/bouncer.pid', installation.path('bouncer.pid'))
      .replaceAll('/run/systemd/system', '/nowhere');
    writeFileSync(installation.path('logrotate'), snippet);
    chmodSync(installation.path('logrotate'), 0o644);
    const old = file();
    const state = installation.path('logrotate.state');
    execFileSync('logrotate', ['--force', '--state', state, installation.path('logrotate')]);
    expect(installation.read('log/bouncer.log.1')).to.equal(old);
    await waitUntil('a line in the new file', async () => {
      await accept();
      return file() !== '';
    });
    expect(installation.read('log/bouncer.log.1')).to.equal(old);
  });

  it('keeps nobody out while syslog hangs', async () => {
    rsyslog.signal('SIGSTOP');
    // More than logger, its socket and its pipe hold.
    for (let batch = 0; batch < 20; batch++) {
      for (let sent = 0; sent < 50; sent++) await sender.send(strange(), stage.network.server.ipv4);
      await accept();
    }
    expect(await accept()).to.include({ status: 0 });
    rsyslog.signal('SIGCONT');
  });

  function loggers(): number {
    const { network } = stage;
    return pidsOn(network, network.server).filter((pid) => nameOf(pid) === 'logger').length;
  }

  it('goes to syslog again after that was dead, and says that lines were lost', async function () {
    // A logger that ends again and again is waited for up to half a minute.
    this.timeout(90_000);
    await rsyslog.kill();
    expect(await accept()).to.include({ status: 0 });
    expect(await accept()).to.include({ status: 0 });
    // Otherwise it could find the next rsyslog in time, and lose nothing.
    await waitFor('the end of the logger that nobody listens to', () => loggers() === 0 || undefined);
    const before = rsyslog.told.length;
    await rsyslog.start();
    await waitUntil(
      'a line about what was lost, and what follows',
      async () => {
        await accept();
        const later = rsyslog.told.slice(before - 1).join('\n');
        // Between them there may be how the action of an earlier one ended.
        return /\d+ log lines were lost: logger: [^]*"decision":"accept"/.test(later);
      },
      60_000,
    );
  });

  it('is handed over to the end', async () => {
    expect(existsSync(stage.installation.path('bouncer.pid'))).to.equal(true);
    expect(await bouncer.stop()).to.equal(0);
    expect(file().trim().split('\n').at(-1)).to.include('bouncer stopped');
    await waitFor('the last line', () => rsyslog.last.includes('bouncer stopped') || undefined);
    expect(existsSync(stage.installation.path('bouncer.pid'))).to.equal(false);
  });
});

function nameOf(pid: number): string | undefined {
  try {
    return commandLineOf(pid)[0];
  } catch {
    return undefined; // it has ended meanwhile
  }
}
