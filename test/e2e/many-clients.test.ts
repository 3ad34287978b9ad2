import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { isListening } from '../support/bouncer.js';
import { Clock } from '../support/clock.js';
import type { Sender } from '../support/sender.js';
import { Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const CLIENTS = 100_000;
const CLIENTS_PER_FILE = 100;
const MINUTE = 60_000;

/** Milliseconds. Nothing here is about speed. */
const PATIENCE = 60_000;

describe('A daemon with a hundred thousand clients', function () {
  this.timeout(4 * PATIENCE);
  const stage = new Stage();
  const names = Array.from({ length: CLIENTS }, (_, number) => `client-${number}`);
  let bouncer: Bouncer;
  let clock: Clock;
  let sender: Sender;

  before(async function () {
    stage.open(this);
    const { installation } = stage;
    installation.addClientFiles(names, 'note', CLIENTS_PER_FILE);
    installation.writeConfig('[limits]\nrunning = 1024\n\n[actions.note]\ncode = 21\nrun = ["/bin/true"]\n', {
      server: 'clients_dir = "clients.d"',
    });
    clock = new Clock(installation);
    bouncer = clock.givenTo(() => stage.spawnBouncer());
    sender = stage.sender();
    await logged('listening', isListening);
  });

  after(() => stage.close());

  const accepted = (): Set<unknown> => new Set(bouncer.accepted.map(({ client }) => client));

  async function logged(what: string, matches: (record: LogRecord) => boolean): Promise<void> {
    await waitFor(what, () => bouncer.records.find(matches), PATIENCE);
  }

  async function send(...clients: string[]): Promise<void> {
    for (const client of clients) {
      const packet = stage.installation.packet(client, 21, { time: clock.now() });
      await sender.send(packet, stage.network.server.ipv4);
    }
  }

  async function expectAccepted(...clients: string[]): Promise<void> {
    await waitFor(
      'the packets to be accepted',
      () => clients.every((name) => accepted().has(name)) || undefined,
      PATIENCE,
    );
  }

  it('accepts the first, the last and one in the middle as soon as it listens', async () => {
    const some = ['client-0', 'client-50000', `client-${CLIENTS - 1}`];
    await send(...some);
    await expectAccepted(...some);
  });

  it('accepts in each of the following minutes', async () => {
    for (const ahead of [1, 2, 3]) {
      clock.setAhead(ahead * MINUTE);
      await send(`client-${ahead}`);
      await expectAccepted(`client-${ahead}`);
    }
  });

  it('accepts at once after a leap of the clock, in a minute whose locators nobody has computed', async () => {
    clock.setAhead(30 * MINUTE);
    await send('client-4');
    await expectAccepted('client-4');
  });

  it('loses no packet while it reads all of them again', async () => {
    const from = bouncer.records.length;
    const isDone = (): boolean => bouncer.records.slice(from).some(({ msg }) => msg === 'config reloaded');
    bouncer.child.kill('SIGHUP');
    const sent: string[] = [];
    while (!isDone()) {
      expect(sent.length, 'packets until the config is reloaded').to.be.below(CLIENTS / 2);
      const name = `client-${100 + sent.length}`;
      await send(name);
      sent.push(name);
      await sleep(500);
    }
    await expectAccepted(...sent);
    expect(bouncer.rejected).to.deep.equal([]);
  });
});
