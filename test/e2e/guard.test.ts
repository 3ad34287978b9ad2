import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { Caller } from '../support/caller.js';
import { bouncerCommand, type Ending } from '../support/command.js';
import { PORT } from '../support/installation.js';
import type { Sender } from '../support/sender.js';
import { Service } from '../support/service.js';
import { Stage } from '../support/stage.js';
import { waitFor, waitUntil } from '../support/wait.js';

/** An administrator's own table, which nobody else may touch. */
const OTHER_TABLE = `table inet other {
  set friends { type ipv4_addr; elements = { 192.0.2.77 }; }
  chain input { type filter hook input priority filter; udp dport ${PORT} drop; ip saddr @friends accept; }
}`;

describe('The guard', () => {
  const stage = new Stage();
  let caller: Caller;

  beforeEach(async function () {
    stage.open(this);
    const { network, installation } = stage;
    network.run(network.server, ['nft', '-f', '-'], OTHER_TABLE);
    installation.addClient('alice');
    configure('ports = ["tcp/22", "udp/5000"]');
    await Service.start(network, network.server, ['tcp/22', 'tcp/80', 'tcp/8050']);
    caller = new Caller(network, network.client);
    stage.whenClosed(() => caller.close());
  });

  afterEach(() => stage.close());

  function configure(guard: string): void {
    stage.installation.writeConfig(`[guard]
${guard}

[actions.note]
code = 21
run = ["/bin/true"]

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`);
  }

  function nft(...words: string[]): string {
    return stage.network.run(stage.network.server, ['nft', ...words]);
  }

  /** What callers find at a port, over IPv4 and over IPv6. */
  async function at(port: number): Promise<[string, string]> {
    const { ipv4, ipv6 } = stage.network.server;
    return [
      await caller.call({ kind: 'try', address: ipv4, port }),
      await caller.call({ kind: 'try', address: ipv6, port }),
    ];
  }

  async function expectClosed(port: number): Promise<void> {
    expect(await at(port), `port ${port}`).to.deep.equal(['closed', 'closed']);
  }

  async function expectOpen(port: number): Promise<void> {
    await waitUntil(`port ${port} to be open`, async () => String(await at(port)) === 'open,open');
  }

  function command(...words: string[]): Promise<Ending> {
    const { namespace } = stage.network.server;
    return bouncerCommand(words, { wrapper: ['ip', 'netns', 'exec', namespace] });
  }

  /** Changes something in the files that one process sees, and in no others. */
  function mountFor({ pid }: Bouncer, ...words: string[]): void {
    execFileSync('nsenter', ['-t', String(pid), '-m', 'mount', ...words]);
  }

  function unmountFor({ pid }: Bouncer, path: string): void {
    execFileSync('nsenter', ['-t', String(pid), '-m', 'umount', path]);
  }

  it('closes its ports and no other, in a table of its own', async () => {
    const before = nft('list', 'table', 'inet', 'other');
    await stage.bouncer();
    await expectClosed(22);
    await expectOpen(80);
    expect(nft('list', 'table', 'inet', 'other')).to.equal(before);
    expect(nft('list', 'tables')).to.equal('table inet other\ntable inet bouncer\n');
  });

  it('lets the host itself in', async () => {
    await stage.bouncer();
    const local = new Caller(stage.network, stage.network.server);
    stage.whenClosed(() => local.close());
    expect(await local.call({ kind: 'try', address: '127.0.0.1', port: 22 })).to.equal('open');
    expect(await local.call({ kind: 'try', address: stage.network.server.ipv6, port: 22 })).to.equal('open');
  });

  it('leaves connections alone that were made before', async () => {
    const order = { kind: 'keep', address: stage.network.server.ipv4, port: 22 } as const;
    // Without a rule that asks for it, the kernel does not follow connections.
    nft('insert', 'rule', 'inet', 'other', 'input', 'ct', 'state', 'established', 'accept');
    expect(await caller.call(order)).to.equal('open');
    await stage.bouncer();
    await expectClosed(22);
    expect(await caller.call({ kind: 'echo' })).to.equal('alive');
  });

  it('stays when bouncer is killed, and after a clean stop', async () => {
    const killed = await stage.bouncer();
    await killed.kill();
    await expectClosed(22);
    const stopped = await stage.bouncer();
    expect(await stopped.stop()).to.equal(0);
    await expectClosed(22);
  });

  it('goes with a clean stop if on_stop is "open"', async () => {
    configure('ports = ["tcp/22"]\non_stop = "open"');
    const bouncer = await stage.bouncer();
    await expectClosed(22);
    expect(await bouncer.stop()).to.equal(0);
    await expectOpen(22);
    expect(nft('list', 'tables')).to.equal('table inet other\n');
  });

  it('changes with the config, and goes when the config closes nothing', async () => {
    const bouncer = await stage.bouncer();
    configure('ports = ["tcp/8000-8100"]');
    await bouncer.reload();
    await expectClosed(8050);
    await expectOpen(22);
    configure('');
    await bouncer.reload();
    await expectOpen(8050);
    expect(nft('list', 'tables')).to.equal('table inet other\n');
  });

  it('of an earlier config is taken away at the start', async () => {
    const former = await stage.bouncer();
    await former.stop();
    configure('');
    await stage.bouncer();
    await expectOpen(22);
  });

  describe('is put back when somebody else', () => {
    let bouncer: Bouncer;

    beforeEach(async () => {
      bouncer = await stage.bouncer();
    });

    async function putBackAfter(what: 'removed' | 'changed', ...words: string[]): Promise<LogRecord> {
      const from = bouncer.records.length;
      nft(...words);
      const record = await bouncer.logged(
        `the guard was ${what}`,
        ({ msg }) => msg.startsWith(`the guard was ${what} by nft (process `),
        from,
      );
      await bouncer.logged('that it is back', ({ msg }) => msg.startsWith('the guard is in place'), from);
      await expectClosed(22);
      return record;
    }

    it('deletes its table', async () => {
      const { change } = await putBackAfter('removed', 'delete', 'table', 'inet', 'bouncer');
      expect(change).to.be.an('array').that.has.lengthOf(5);
    });

    it('flushes all of the ruleset, as a start of the nftables service does', async () => {
      await putBackAfter('removed', 'flush', 'ruleset');
    });

    it('flushes its chain', async () => {
      await putBackAfter('changed', 'flush', 'chain', 'inet', 'bouncer', 'input');
    });

    it('adds a rule that would let everybody in', async () => {
      await putBackAfter('changed', 'insert', 'rule', 'inet', 'bouncer', 'input', 'accept');
    });

    it('adds a chain, or puts the table to sleep', async () => {
      await putBackAfter('changed', 'add', 'chain', 'inet', 'bouncer', 'more');
      await putBackAfter('changed', 'add', 'table', 'inet', 'bouncer', '{ flags dormant; }');
    });
  });

  it('is tried again until it works, when nft is missing', async () => {
    const bouncer = await stage.bouncer();
    mountFor(bouncer, '-t', 'tmpfs', 'none', '/usr/sbin');
    nft('delete', 'table', 'inet', 'bouncer');
    await bouncer.logged(
      'what is missing',
      ({ msg }) =>
        msg ===
        'the guard is not in place: nft is missing (/usr/sbin/nft, /sbin/nft, /usr/bin/nft): install nftables; trying again until it works',
    );
    const { stdout } = await command('status', '-c', stage.installation.config);
    expect(stdout).to.match(/^guard +failing for .*: nft is missing/m);
    unmountFor(bouncer, '/usr/sbin');
    await bouncer.logged('that it works again', ({ msg }) => msg === 'the firewall works again');
    await expectClosed(22);
  });

  it('is tried again until it works, when nft hangs', async function () {
    this.timeout(60_000);
    const bouncer = await stage.bouncer();
    const hang = stage.installation.writeScript('hang.sh', 'exec sleep 1000');
    mountFor(bouncer, '--bind', hang, '/usr/sbin/nft');
    nft('delete', 'table', 'inet', 'bouncer');
    await waitFor(
      'the log to say that nft hangs',
      () =>
        bouncer.records.find(
          ({ msg }) =>
            msg ===
            'the guard is not in place: nft: gave no answer within 10 seconds, and was ended; trying again until it works',
        ),
      30_000,
    );
    unmountFor(bouncer, '/usr/sbin/nft');
    await bouncer.logged('that it works again', ({ msg }) => msg === 'the firewall works again');
    await expectClosed(22);
  });

  it('that cannot be changed leaves the config as it was', async () => {
    const bouncer = await stage.bouncer();
    mountFor(bouncer, '-t', 'tmpfs', 'none', '/usr/sbin');
    configure('ports = ["tcp/80"]');
    const { msg } = await bouncer.signal('SIGHUP', 'no reload', (record) => record.level === 50);
    expect(msg).to.match(/^config not reloaded, the old one goes on: nft is missing/);
    unmountFor(bouncer, '/usr/sbin');
    await expectClosed(22);
    await expectOpen(80);
  });

  describe('on trial', () => {
    it('is taken away after the time', async () => {
      const bouncer = await stage.bouncer(['--trial', '3s']);
      await expectClosed(22);
      await bouncer.logged('the end', ({ msg }) =>
        msg.startsWith('the trial is over and was not confirmed: the guard is taken away'),
      );
      await expectOpen(22);
      expect(nft('list', 'tables')).to.equal('table inet other\n');
    });

    it('closes nothing after the time, even if bouncer was killed', async () => {
      const bouncer = await stage.bouncer(['--trial', '3s']);
      await bouncer.kill();
      await expectClosed(22);
      await expectOpen(22);
      const { stdout } = await command('firewall', 'show');
      expect(stdout).to.equal(
        'no longer closed, since the trial is over: tcp/22, udp/5000\nopen to nobody\n',
      );
    });

    it('goes with a clean stop', async () => {
      const bouncer = await stage.bouncer(['--trial', '5m']);
      await expectClosed(22);
      await bouncer.stop();
      await expectOpen(22);
    });

    it('goes back to what was closed before, after the time and after a clean stop', async () => {
      const former = await stage.bouncer();
      await former.stop();
      configure('ports = ["tcp/22", "tcp/8050"]');
      const bouncer = await stage.bouncer(['--trial', '3s']);
      await expectClosed(22);
      await expectClosed(8050);
      await bouncer.logged('the end', ({ msg }) => msg.startsWith('the trial is over and was not confirmed'));
      await expectOpen(8050);
      await expectClosed(22);
      expect((await command('status', '-c', stage.installation.config)).stdout).to.include(
        'its trial was not confirmed: closed as before are tcp/22, udp/5000',
      );
      await bouncer.stop();
      const again = await stage.bouncer(['--trial', '5m']);
      await expectClosed(8050);
      await again.stop();
      await expectOpen(8050);
      await expectClosed(22);
    });

    it('leaves closed what was, even if bouncer was killed', async () => {
      const former = await stage.bouncer();
      await former.kill();
      const bouncer = await stage.bouncer(['--trial', '1s']);
      await bouncer.kill();
      await waitUntil('the end of the trial', async () =>
        (await command('firewall', 'show')).stdout.startsWith('closed: tcp/22, udp/5000\nopen'),
      );
      await expectClosed(22);
    });

    it('stays when it is confirmed', async () => {
      const bouncer = await stage.bouncer(['--trial', '5m']);
      const confirm = ['confirm', '-c', stage.installation.config];
      expect((await command('status', '-c', stage.installation.config)).stdout).to.match(
        /on trial for (5m|4m \d+s) more/,
      );
      expect((await command(...confirm)).stdout).to.equal('confirmed: the guard stays\n');
      const again = await command(...confirm);
      expect(again.status).to.equal(1);
      expect(again.stderr).to.include('there is no trial: the guard stays anyway');
      await bouncer.stop();
      await expectClosed(22);
    });

    it('needs a time, and ports to close', async () => {
      const { status, stderr } = await command('run', '--trial', 'soon', '-c', stage.installation.config);
      expect(status).to.equal(2);
      expect(stderr).to.include('--trial: expected a time such as "5m", at most "1d", got "soon"');
      configure('');
      const { stderr: second } = await command('run', '--trial', '5m', '-c', stage.installation.config);
      expect(second).to.include('guard.ports: is empty: there is no guard to try');
    });
  });

  describe('with an action that allows', () => {
    let bouncer: Bouncer;
    let sender: Sender;

    /** An address that has sent nothing. */
    const STRANGER = '192.0.2.3';

    beforeEach(async () => {
      const { network } = stage;
      network.run(network.client, ['ip', 'addr', 'add', `${STRANGER}/24`, 'dev', network.client.interface]);
      allow('["tcp/22", "tcp/8000-8100"]');
      bouncer = await stage.bouncer();
      sender = stage.sender();
    });

    function allow(ports: string, seconds = 60): void {
      stage.installation.writeConfig(`[guard]
ports = ["tcp/22", "tcp/8000-8100", "udp/5000"]

[actions.open]
code = 21
allow = ${ports}
for = "${seconds}s"

[clients.alice]
seed_file = "alice.seed"
actions = ["open"]
`);
    }

    async function sendTo(family: 'ipv4' | 'ipv6'): Promise<void> {
      await sender.send(stage.installation.packet('alice', 21), stage.network.server[family]);
    }

    function callFrom(from: string | undefined, port: number, address = stage.network.server.ipv4) {
      return caller.call({ kind: 'try', address, port, ...(from !== undefined && { from }) });
    }

    /** What is let in through the guard and for how long it was to be, as nft tells it. */
    function elements(): string[] {
      const listing = nft('-j', 'list', 'ruleset');
      return Array.from(
        listing.matchAll(/"val": "([^"]+)", "timeout": (\d+)/g),
        ([, address, timeout]) => `${address} ${timeout}`,
      );
    }

    for (const family of ['ipv4', 'ipv6'] as const) {
      it(`lets the sender in and nobody else, over ${family}`, async () => {
        const { client, server } = stage.network;
        await sendTo(family);
        await waitUntil('the port to be open', async () => {
          return (await callFrom(client[family], 22, server[family])) === 'open';
        });
        expect(await callFrom(client[family], 8050, server[family])).to.equal('open');
        expect(await callFrom(STRANGER, 22)).to.equal('closed');
        const other = family === 'ipv4' ? 'ipv6' : 'ipv4';
        expect(await callFrom(client[other], 22, server[other])).to.equal('closed');
      });
    }

    it('has the kernel end it, even if bouncer is killed, and lets connections live on', async () => {
      const { client, server } = stage.network;
      allow('["tcp/22"]', 3);
      await bouncer.reload();
      await sendTo('ipv4');
      await waitUntil('a connection', async () => {
        return (await caller.call({ kind: 'keep', address: server.ipv4, port: 22 })) === 'open';
      });
      await bouncer.kill();
      await waitUntil('the end', async () => (await callFrom(client.ipv4, 22)) === 'closed');
      expect(elements()).to.deep.equal([]);
      expect(await caller.call({ kind: 'echo' })).to.equal('alive');
    });

    it('is taken over at the start with who was let in, and without a moment open', async () => {
      const { client } = stage.network;
      await sendTo('ipv4');
      await waitUntil('the opening', async () => (await callFrom(client.ipv4, 22)) === 'open');
      const held = elements();
      const service = await Service.start(stage.network, stage.network.server, ['udp/5000']);
      const flooding = stage.network.start(client, ['sh', '-c', FLOOD, 'sh', stage.network.server.ipv4]);
      stage.whenClosed(() => flooding.kill('SIGKILL'));
      await bouncer.kill();
      bouncer = await stage.bouncer();
      allow('["tcp/22", "tcp/8000-8100", "udp/5000"]');
      await bouncer.reload();
      expect(elements()).to.deep.equal(held);
      expect(await callFrom(client.ipv4, 22)).to.equal('open');
      expect(service.datagrams).to.deep.equal([]);
      await sendTo('ipv4');
      // The flood was there all the time.
      await waitFor('a datagram of the flood', () => service.datagrams[0]);
    });

    it('forgets those who were let in by an action that is gone', async () => {
      const { client } = stage.network;
      await sendTo('ipv4');
      await waitUntil('the opening', async () => (await callFrom(client.ipv4, 22)) === 'open');
      configure('ports = ["tcp/22"]');
      await bouncer.reload();
      expect(await callFrom(client.ipv4, 22)).to.equal('closed');
      expect(nft('list', 'table', 'inet', 'bouncer')).to.not.include('set ');
    });

    for (const words of ['flush ruleset', 'flush set inet bouncer tcp_22_ipv4']) {
      it(`lets those in again who were, after nft ${words}`, async () => {
        const { client } = stage.network;
        await sendTo('ipv4');
        await waitUntil('the opening', async () => (await callFrom(client.ipv4, 22)) === 'open');
        nft(...words.split(' '));
        await bouncer.logged('who did that', ({ msg }) =>
          /^(the guard was removed|openings were ended) by nft /.test(msg),
        );
        await waitFor('the openings', () => (elements().length === 2 ? true : undefined));
        expect(await callFrom(client.ipv4, 22)).to.equal('open');
        expect(await callFrom(STRANGER, 22)).to.equal('closed');
      });
    }

    it('shows who is let in', async () => {
      await sendTo('ipv4');
      await waitFor('the opening', () => (elements().length === 2 ? true : undefined));
      const { stdout } = await command('firewall', 'show');
      expect(stdout).to.match(/^ {2}tcp\/22 {2}192\.0\.2\.2 {2}for \d+ seconds more$/m);
      expect(stdout).to.match(/^ {2}tcp\/8000-8100 {2}192\.0\.2\.2 {2}for \d+ seconds more$/m);
    });
  });

  it('is shown and removed by commands that need no daemon', async () => {
    const none = { status: 0, stdout: 'there is no guard: nothing is closed\n', stderr: '' };
    expect(await command('firewall', 'show')).to.deep.equal(none);
    const bouncer = await stage.bouncer();
    await bouncer.kill();
    expect((await command('firewall', 'show')).stdout).to.equal('closed: tcp/22, udp/5000\nopen to nobody\n');
    expect((await command('firewall', 'remove')).stdout).to.equal(
      'the guard is removed: nothing is closed any more\n',
    );
    await expectOpen(22);
    expect((await command('firewall', 'remove')).stdout).to.equal('there is no guard\n');
    expect((await command('firewall', 'erase')).status).to.equal(2);
  });
});

/** Sends a datagram to udp/5000 every few milliseconds, until it is ended. */
const FLOOD = `exec ${process.execPath} -e '
  const socket = require("dgram").createSocket("udp4");
  setInterval(() => socket.send("x", 5000, process.argv[1]), 3);' "$1"`;
