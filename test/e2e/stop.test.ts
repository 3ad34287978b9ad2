import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bouncer, isListening } from '../support/bouncer.js';
import { PORT } from '../support/installation.js';
import { waitForEmpty, waitForEndOf } from '../support/process-end.js';
import { pidsOn } from '../support/processes.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

describe('The end of the daemon', () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;
  /** The action that waits ends when this is there. */
  let go: string;

  beforeEach(function () {
    stage.open(this);
    const { installation } = stage;
    installation.addClient('alice');
    go = installation.path('go');
    configure();
    sender = stage.sender();
  });

  afterEach(() => stage.close());

  function configure(port = PORT): void {
    const { installation } = stage;
    const wait = installation.writeScript(
      'wait.sh',
      `while [ ! -e "${go}" ]; do sleep 0.05; done; echo went`,
    );
    const hang = installation.writeScript('hang.sh', 'trap "" TERM; while :; do sleep 0.1; done');
    installation.writeConfig(
      `
[actions.ok]
code = 20
run = ["/bin/true"]

[actions.wait]
code = 21
run = ["${wait}"]
timeout = "1m"

[actions.hang]
code = 22
run = ["${hang}"]
timeout = "2s"

[clients.alice]
seed_file = "alice.seed"
actions = ["ok", "wait", "hang"]
`,
      { port },
    );
  }

  function packet(code: number): Uint8Array {
    return stage.installation.packet('alice', code);
  }

  async function accepted(code: number): Promise<void> {
    expect(await decisionOn(stage, bouncer, sender, packet(code))).to.include({ decision: 'accept' });
  }

  /** Everything that ran for the daemon has ended; the sender has no part in it. */
  async function expectNothingLeft(): Promise<void> {
    await waitForEmpty(stage.network, stage.network.server);
  }

  /** What the log says from a record on. */
  function messagesFrom(first: string): string[] {
    const messages = bouncer.records.map(({ msg }) => msg);
    return messages.slice(messages.indexOf(first));
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`comes in order with ${signal}`, async () => {
      bouncer = await stage.bouncer();
      bouncer.child.kill(signal);
      expect(await bouncer.ended).to.equal(0);
      expect(messagesFrom(`${signal}: stopping`)).to.deep.equal([`${signal}: stopping`, 'bouncer stopped']);
      expect(bouncer.complaints).to.equal('');
      await expectNothingLeft();
    });

    it(`comes in order with ${signal} while the first of its processes start`, async () => {
      const { network, installation } = stage;
      const others = pidsOn(network, network.server).length;
      bouncer = Bouncer.spawn(network, network.server, installation);
      await waitFor('a process', () => pidsOn(network, network.server).length > others + 1 || undefined);
      bouncer.child.kill(signal);
      expect(await bouncer.ended).to.equal(0);
      expect(messagesFrom(`${signal}: stopping`)).to.deep.equal([`${signal}: stopping`, 'bouncer stopped']);
      await expectNothingLeft();
    });

    it(`waits with ${signal} for an action that is running, and logs its end`, async () => {
      bouncer = await stage.bouncer();
      await accepted(21);
      await bouncer.signal(signal, 'stopping', ({ msg }) => msg === `${signal}: stopping`);
      await sleep(300);
      writeFileSync(go, '');
      expect(await bouncer.ended).to.equal(0);
      expect(messagesFrom(`${signal}: stopping`)).to.deep.equal([
        `${signal}: stopping`,
        'action wait of alice exited with status 0',
        'bouncer stopped',
      ]);
      await expectNothingLeft();
    });
  }

  it('waits for an action that hangs no longer than its time limit', async () => {
    bouncer = await stage.bouncer();
    await accepted(22);
    expect(await bouncer.stop()).to.equal(0);
    expect(messagesFrom('SIGTERM: stopping')).to.deep.equal([
      'SIGTERM: stopping',
      'action hang of alice was ended at its time limit',
      'bouncer stopped',
    ]);
    await expectNothingLeft();
  });

  it('waits for an action also when SIGINT comes after SIGTERM', async () => {
    bouncer = await stage.bouncer();
    await accepted(21);
    await bouncer.signal('SIGTERM', 'stopping', ({ msg }) => msg === 'SIGTERM: stopping');
    bouncer.child.kill('SIGINT');
    await sleep(300);
    writeFileSync(go, '');
    expect(await bouncer.ended).to.equal(0);
    expect(bouncer.records.map(({ msg }) => msg)).to.include('action wait of alice exited with status 0');
  });

  it('accepts nothing any more while it waits', async () => {
    bouncer = await stage.bouncer();
    await accepted(21);
    await bouncer.signal('SIGTERM', 'stopping', ({ msg }) => msg === 'SIGTERM: stopping');
    await waitForEndOf(bouncer.capturePid);
    const decisions = bouncer.records.filter(({ decision }) => decision !== undefined).length;
    await sender.send(packet(20), stage.network.server.ipv4);
    await sleep(300);
    writeFileSync(go, '');
    expect(await bouncer.ended).to.equal(0);
    expect(bouncer.records.filter(({ decision }) => decision !== undefined)).to.have.length(decisions);
  });

  it('does not listen again when SIGHUP comes while it waits', async () => {
    bouncer = await stage.bouncer();
    await accepted(21);
    await bouncer.signal('SIGTERM', 'stopping', ({ msg }) => msg === 'SIGTERM: stopping');
    await waitForEndOf(bouncer.capturePid);
    configure(PORT + 1);
    bouncer.child.kill('SIGHUP');
    await sleep(1_000);
    writeFileSync(go, '');
    expect(await bouncer.ended).to.equal(0);
    expect(bouncer.records.filter(isListening)).to.have.length(1);
    await expectNothingLeft();
  });

  it('comes whenever SIGTERM comes during the start, and leaves nothing', async function () {
    this.timeout(60_000);
    for (let delay = 0; delay <= 800; delay += 80) {
      bouncer = stage.spawnBouncer();
      await sleep(delay);
      bouncer.child.kill('SIGTERM');
      // At the very first nothing has been caught yet, and nothing been done.
      expect(await bouncer.ended, `${delay} ms after the start`).to.be.oneOf([0, 'SIGTERM']);
      expect(bouncer.complaints).to.equal('');
      if (bouncer.records.length > 0) expect(bouncer.records.at(-1)?.msg).to.equal('bouncer stopped');
      await expectNothingLeft();
    }
    // Nor is the state damaged or locked.
    bouncer = await stage.bouncer();
    await accepted(20);
    expect(bouncer.records.filter(({ level }) => level > 30)).to.deep.equal([]);
  });

  it('comes with SIGTERM also when the capture cannot be opened', async () => {
    stage.installation.writeConfig('', { interface: 'nosuch0' });
    bouncer = stage.spawnBouncer();
    await bouncer.logged('that it does not listen', ({ msg }) => msg.startsWith('not listening: '));
    expect(await bouncer.stop()).to.equal(0);
    await expectNothingLeft();
  });

  it('takes the capture with it, however sudden it is', async () => {
    bouncer = await stage.bouncer();
    await bouncer.kill();
    await expectNothingLeft();
  });

  it('does not come with SIGUSR1, which opens no port either', async () => {
    bouncer = await stage.bouncer();
    for (let count = 0; count < 3; count++) {
      bouncer.child.kill('SIGUSR1');
      await sleep(100);
    }
    expect(stage.network.run(stage.network.server, ['ss', '-Hlntu'])).to.equal('');
    await accepted(20);
    expect(bouncer.complaints).to.equal('');
  });
});
