import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { Bouncer, isListening, type LogRecord } from '../support/bouncer.js';
import { NotifyReceiver } from '../support/notify-receiver.js';
import { repositoryPath } from '../support/paths.js';
import { threadsOf } from '../support/processes.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const UNIT = readFileSync(repositoryPath('configs/bouncer.service'), 'utf8');

/** What the unit leaves of root's capabilities, as setpriv writes them. */
const BOUNDING_SET = /^CapabilityBoundingSet=(.*)$/m
  .exec(UNIT)?.[1]
  ?.split(' ')
  .map((name) => name.replace('CAP_', '+').toLowerCase())
  .join();

/** Within so many milliseconds systemd wants to hear that all is well; bouncer says so twice as often. */
const WATCHDOG = 3_000;

/** By level of bunyan. */
const PRIORITIES = new Map([
  [30, '<6>'],
  [40, '<4>'],
  [50, '<3>'],
]);

/** A script that has the journal at its standard output, as systemd says it, and becomes a command. */
const JOURNAL = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/1) exec "$@"';

describe('As a service of systemd, with the capabilities of its unit, the daemon', () => {
  const stage = new Stage();
  let receiver: NotifyReceiver;
  let bouncer: Bouncer;
  let sender: Sender;

  before(async function () {
    stage.open(this);
    const { network, installation } = stage;
    installation.addClient('alice');
    const tables = `
[guard]
ports = ["tcp/22"]

[actions.ssh]
code = 21
allow = ["tcp/22"]
for = "30s"

[actions.id]
code = 22
run = ["/usr/bin/id", "-u"]

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh", "id"]
`;
    const socket = installation.path('notify.sock');
    receiver = await NotifyReceiver.open(socket);
    stage.whenClosed(() => receiver.close());
    sender = stage.sender();
    // Nothing to listen on yet.
    network.disconnect();
    installation.writeConfig(tables, { interface: network.server.interface });
    bouncer = Bouncer.spawn(
      network,
      network.server,
      installation,
      [],
      [
        ...['env', `NOTIFY_SOCKET=${socket}`, `WATCHDOG_USEC=${WATCHDOG * 1_000}`],
        ...['setpriv', '--no-new-privs', `--bounding-set=-all,${BOUNDING_SET}`],
        ...['sh', '-c', JOURNAL, 'sh', process.execPath],
      ],
    );
    stage.whenClosed(() => bouncer.kill());
  });

  after(() => stage.close());

  /** The messages from one on that say something of a kind. */
  function told(assignment: string, from = 0): string[] {
    return receiver.messages.slice(from).filter((message) => message.split('\n').includes(assignment));
  }

  async function hear(assignment: string, from = 0): Promise<string> {
    return waitFor(`the message ${assignment}`, () => told(assignment, from)[0], 20_000);
  }

  it('says that it is ready when it listens, and not before', async () => {
    const { network } = stage;
    await bouncer.logged('not listening', isLost);
    // A ping says that it is well nevertheless.
    await hear('WATCHDOG=1');
    expect(told('READY=1')).to.deep.equal([]);
    network.connect();
    const ready = await hear('READY=1');
    expect(ready).to.include(
      `STATUS=listening on ${network.server.interface} for udp port 51324; 0 accepted`,
    );
  });

  it('lets clients in and runs actions', async () => {
    const { installation, network } = stage;
    expect(await decisionOn(stage, bouncer, sender, installation.packet('alice', 21))).to.include({
      decision: 'accept',
    });
    await waitFor('the open door', () => {
      const table = network.run(network.server, ['nft', 'list', 'table', 'inet', 'bouncer']);
      return table.includes(`elements = { ${network.client.ipv4}`) || undefined;
    });
    await sender.send(installation.packet('alice', 22), network.server.ipv4);
    const ended = await bouncer.logged('the end of the action', ({ msg }) => msg.startsWith('action id'));
    expect(ended).to.include({ status: 0, output: '0\n' });
  });

  it('has a capture process without any capability', () => {
    for (const status of threadsOf(bouncer.capturePid)) {
      expect(status.get('CapEff')).to.match(/^0+$/);
      expect(status.get('NoNewPrivs')).to.equal('1');
    }
  });

  it('begins the lines of the log with their priorities, and no others', async () => {
    await sender.send(stage.installation.packet('alice', 99), stage.network.server.ipv4);
    await bouncer.logged('a reject', ({ decision }) => decision === 'reject');
    const wrong = bouncer.lines.filter((line, index) => {
      const priority = PRIORITIES.get(bouncer.records[index]?.level ?? 0);
      return priority === undefined || !line.startsWith(`${priority}{`);
    });
    expect(wrong).to.deep.equal([]);
    const levels = new Set(bouncer.records.map(({ level }) => level));
    expect([...levels].sort()).to.deep.equal([30, 40, 50]);
  });

  it('says when it reloads and when that is over, also if the config is refused', async () => {
    const config = stage.installation.read('bouncer.toml');
    for (const [content, outcome] of [
      [config, 'config reloaded'],
      [`${config}\n[nonsense]`, 'config not reloaded'],
    ] as const) {
      const from = receiver.messages.length;
      writeFileSync(stage.installation.config, content);
      await bouncer.signal('SIGHUP', outcome, ({ msg }) => msg.startsWith(outcome));
      await hear('READY=1', from);
      // One that was over at once need not have been told.
      const states = receiver.messages
        .slice(from)
        .flatMap((text) => /^(RELOADING|READY)=1/.exec(text)?.[1] ?? []);
      expect(states).to.deep.equal(['RELOADING', 'READY']);
      expect(told('RELOADING=1', from)[0]).to.match(/^MONOTONIC_USEC=\d+$/m);
    }
    writeFileSync(stage.installation.config, config);
  });

  it('says that it is well, but for as long as its capture hangs', async () => {
    const from = receiver.messages.length;
    await hear('WATCHDOG=1', from);
    const hanging = bouncer.records.length;
    process.kill(bouncer.capturePid, 'SIGSTOP');
    const before = receiver.messages.length;
    await bouncer.logged('the end of the capture', isLost, hanging);
    // It was found out after five seconds or more. The first ping may be for the second before.
    expect(told('WATCHDOG=1', before)).to.have.length.below(2);
    await bouncer.logged('listening', isListening, hanging);
    await hear('WATCHDOG=1', receiver.messages.length);
  });

  it('says that it stops', async () => {
    expect(await bouncer.stop()).to.equal(0);
    await hear('STOPPING=1');
    expect(receiver.messages.findLast((text) => !text.startsWith('BARRIER'))).to.match(/^STOPPING=1\n/);
  });
});

function isLost({ msg }: LogRecord): boolean {
  return msg.startsWith('not listening: ');
}
