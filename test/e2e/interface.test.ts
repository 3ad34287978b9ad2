import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bouncer, isListening, type LogRecord } from '../support/bouncer.js';
import { Cleanup } from '../support/cleanup.js';
import { Flooder } from '../support/flooder.js';
import { Installation, PORT } from '../support/installation.js';
import { linked } from '../support/link.js';
import { Network, type Host } from '../support/network.js';
import { isRunning } from '../support/processes.js';
import { needsRoot } from '../support/root.js';
import { Sender } from '../support/sender.js';
import { waitFor } from '../support/wait.js';

const FAMILIES = ['ipv4', 'ipv6'] as const;
type Family = (typeof FAMILIES)[number];

const TIMES = 10;

/** An unknown address makes the capture process ask the system again once a second, and not more often. */
const REFRESH_MILLISECONDS = 1_000;

/** A server of one interface, a client that may run one action, and the daemon on the server. */
class Scene {
  readonly network: Network;
  readonly installation: Installation;
  readonly sender: Sender;

  /** @param cleanup told how to end it; removing the network ends the daemon, too */
  constructor(device: 'any' | 'named', cleanup: Cleanup) {
    this.installation = Installation.make();
    cleanup.add(() => {
      this.installation.remove();
    });
    this.network = Network.make();
    cleanup.add(() => {
      this.network.remove();
    });
    this.network.dropPort(PORT);
    this.installation.addClient('alice');
    this.installation.writeConfig(
      `
[actions.ok]
code = 21
run = ["/bin/true"]

[clients.alice]
seed_file = "alice.seed"
actions = ["ok"]
`,
      { interface: device === 'any' ? 'any' : this.network.server.interface },
    );
    this.sender = new Sender(this.network, this.network.client);
    cleanup.add(() => this.sender.close());
  }

  spawn(options: string[] = []): Bouncer {
    return Bouncer.spawn(this.network, this.network.server, this.installation, options);
  }

  async start(options: string[] = []): Promise<Bouncer> {
    const bouncer = this.spawn(options);
    await bouncer.logged('listening', isListening);
    return bouncer;
  }

  /** Sends one packet, and waits until it is accepted. */
  async expectAccepted(bouncer: Bouncer, address: string): Promise<void> {
    const from = bouncer.records.length;
    await this.sender.send(this.installation.packet('alice', 21), address);
    await bouncer.logged(`the packet to ${address} accepted`, isAccept, from);
  }

  linked(): Promise<void> {
    return linked(this.network, this.sender);
  }
}

describe('A daemon that captures on one interface', function () {
  this.timeout(120_000);
  const cleanup = new Cleanup();
  let scene: Scene;
  let bouncer: Bouncer;

  before(async function () {
    needsRoot(this);
    scene = new Scene('named', cleanup);
    bouncer = await scene.start();
    await scene.linked();
  });

  after(() => cleanup.run());

  interface Loss {
    readonly what: string;
    readonly again: string;
    readonly reason: RegExp;
    readonly away: () => void;
    readonly back: () => void;
  }

  const losses: readonly Loss[] = [
    {
      what: 'went down',
      again: 'is up again',
      reason: /SIGABRT|not up|down/,
      away: () => {
        scene.network.setLink('down');
      },
      back: () => {
        scene.network.setLink('up');
      },
    },
    {
      what: 'was deleted',
      again: 'is made again',
      reason: /SIGABRT|No such device|deleted/,
      away: () => {
        scene.network.disconnect();
      },
      back: () => {
        scene.network.connect();
      },
    },
  ];
  for (const { what, again, reason, away, back } of losses) {
    for (let time = 0; time < TIMES; time++) {
      const family = FAMILIES[time % 2] ?? 'ipv4';
      it(`says so when it ${what}, and hears the next packet over ${family} when it ${again} (${time + 1})`, async () => {
        const from = bouncer.records.length;
        away();
        const lost = await bouncer.logged('not listening', isLost, from);
        expect(lost.reason).to.match(reason);
        back();
        await bouncer.logged('listening again', isListening, from);
        await scene.linked();
        await scene.expectAccepted(bouncer, scene.network.server[family]);
      });
    }

    for (let time = 0; time < TIMES / 2; time++) {
      const family = FAMILIES[time % 2] ?? 'ipv4';
      it(`hears the next packet over ${family} when it ${what} and ${again} at once (${time + 1})`, async () => {
        const from = bouncer.records.length;
        away();
        back();
        await scene.linked();
        await scene.sender.send(scene.installation.packet('alice', 21), scene.network.server[family]);
        const said = await bouncer.logged(
          'the packet accepted, or why not',
          (record) => isAccept(record) || isLost(record),
          from,
        );
        // Whoever says that he did not listen may have missed it, and hears the next one.
        if (isAccept(said)) return;
        expect(said.reason).to.match(reason);
        await bouncer.logged('listening again', isListening, from);
        await scene.expectAccepted(bouncer, scene.network.server[family]);
      });
    }
  }

  it('is one and the same process all along', () => {
    expect(bouncer.records.filter(({ msg }) => msg === 'bouncer started')).to.have.length(1);
    expect(new Set(bouncer.records.map(({ pid }) => pid))).to.deep.equal(new Set([bouncer.pid]));
    expect(bouncer.records.filter(isListening).length).to.be.within(1 + 2 * TIMES, 1 + 3 * TIMES);
    expect(isRunning(bouncer.pid), 'it runs').to.equal(true);
  });

  it('says once that its interface is missing, not at each of its tries', async () => {
    const from = bouncer.records.length;
    scene.network.disconnect();
    await bouncer.logged(
      'that there is no such device',
      ({ reason }) => (reason ?? '').includes('No such device'),
      from,
    );
    // Time for some five tries, of which none may say the same again.
    await sleep(5_000);
    // The end of the running capture and the first failure of its successors, each for its own reason.
    const isAboutPacket = (record: LogRecord) => isOutcome(record) || record.decision !== undefined;
    const said = bouncer.records.slice(from).filter((record) => !isAboutPacket(record));
    expect(said.filter((record) => !isLost(record))).to.deep.equal([]);
    expect(said.length, said.map(({ msg }) => msg).join('\n')).to.be.within(1, 3);
    expect(new Set(said.map(({ reason }) => reason)).size).to.equal(said.length);
    scene.network.connect();
    await bouncer.logged('listening again', isListening, from);
    await scene.linked();
    await scene.expectAccepted(bouncer, scene.network.server.ipv4);
  });
});

describe('A daemon whose interface is deleted under a flood', function () {
  this.timeout(60_000);
  const cleanup = new Cleanup();
  let scene: Scene;
  let bouncer: Bouncer;

  before(async function () {
    needsRoot(this);
    scene = new Scene('named', cleanup);
    bouncer = await scene.start();
    await scene.linked();
  });

  after(() => cleanup.run());

  for (let time = 0; time < TIMES / 2; time++) {
    it(`hears the next packet after it was made again (${time + 1})`, async () => {
      const { network, installation } = scene;
      const { server, client } = network;
      const from = bouncer.records.length;
      const head = Buffer.from(installation.packet('alice', 21).subarray(0, 4)).toString('hex');
      const flooder = Flooder.start(network, client, { head, address: server.ipv4, most: 1_000_000 });
      cleanup.add(() => flooder.stop());
      const transmitted = (): number =>
        Number(network.run(client, ['cat', `/sys/class/net/${client.interface}/statistics/tx_packets`]));
      const sentBefore = transmitted();
      await waitFor('the flood', () => transmitted() > sentBefore + 5_000 || undefined);
      // The capture process is stopped amidst its work, so that it finds the interface gone only when it has
      // handed on what it had: then libpcap sees the socket's error, and not whoever waits for packets.
      const { capturePid } = bouncer;
      process.kill(capturePid, 'SIGSTOP');
      await sleep(100);
      network.disconnect();
      process.kill(capturePid, 'SIGCONT');
      await sleep(100);
      network.connect();
      await flooder.stop();
      await bouncer.logged('listening again', isListening, from);
      await scene.linked();
      await scene.expectAccepted(bouncer, server.ipv4);
    });
  }
});

describe('A daemon whose interface is not there yet', () => {
  const cleanup = new Cleanup();
  let scene: Scene;

  before(function () {
    needsRoot(this);
    scene = new Scene('named', cleanup);
  });

  after(() => cleanup.run());

  it('starts, says why it does not listen, and listens once the interface appears', async function () {
    this.timeout(60_000);
    scene.network.disconnect();
    const bouncer = scene.spawn();
    await bouncer.logged('bouncer started', ({ msg }) => msg === 'bouncer started');
    const lost = await bouncer.logged('not listening', isLost);
    expect(lost.reason).to.match(/No such device/);
    scene.network.connect();
    await bouncer.logged('listening', isListening);
    await scene.linked();
    for (const family of FAMILIES) await scene.expectAccepted(bouncer, scene.network.server[family]);
  });
});

describe('A daemon that captures on any interface', () => {
  const cleanup = new Cleanup();
  let scene: Scene;
  let bouncer: Bouncer;

  before(async function () {
    needsRoot(this);
    scene = new Scene('any', cleanup);
    bouncer = await scene.start();
    await scene.linked();
  });

  after(() => cleanup.run());

  it('goes on with the same capture process when a link goes down and up', async () => {
    const { capturePid } = bouncer;
    const from = bouncer.records.length;
    for (const family of FAMILIES) {
      scene.network.setLink('down');
      scene.network.setLink('up');
      await scene.linked();
      await scene.expectAccepted(bouncer, scene.network.server[family]);
    }
    expect(
      bouncer.records.slice(from).filter((record) => isLost(record) || isListening(record)),
    ).to.deep.equal([]);
    expect(isRunning(capturePid), 'the capture process runs').to.equal(true);
  });

  it('goes on with the same capture process when the interface is deleted and made again', async () => {
    const { capturePid } = bouncer;
    const from = bouncer.records.length;
    for (const family of FAMILIES) {
      scene.network.disconnect();
      scene.network.connect();
      await scene.linked();
      await scene.expectAccepted(bouncer, scene.network.server[family]);
    }
    expect(
      bouncer.records.slice(from).filter((record) => isLost(record) || isListening(record)),
    ).to.deep.equal([]);
    expect(isRunning(capturePid), 'the capture process runs').to.equal(true);
  });

  const added = { ipv4: { address: '192.0.2.9', prefix: 24 }, ipv6: { address: '2001:db8::9', prefix: 64 } };
  for (const family of FAMILIES) {
    it(`hears the first packet to a new ${family} address of the server`, async () => {
      const { network } = scene;
      const { address, prefix } = added[family];
      await scene.expectAccepted(bouncer, network.server[family]);
      await sleep(REFRESH_MILLISECONDS + 100);
      const nodad = family === 'ipv6' ? ['nodad'] : [];
      const { interface: device } = network.server;
      network.run(network.server, ['ip', 'addr', 'add', `${address}/${prefix}`, 'dev', device, ...nodad]);
      await scene.expectAccepted(bouncer, address);
    });
  }
});

describe("A packet to an address that is not this host's", () => {
  const foreign = { ipv4: '192.0.2.77', ipv6: '2001:db8::77' };
  const OTHER_MAC = '02:00:00:00:00:77';

  for (const device of ['named', 'any'] as const) {
    describe(`with a capture on ${device === 'any' ? 'any' : 'one'} interface`, () => {
      const cleanup = new Cleanup();
      let scene: Scene;
      let bouncer: Bouncer;

      before(async function () {
        needsRoot(this);
        scene = new Scene(device, cleanup);
        bouncer = await scene.start(['-v']);
        await scene.linked();
      });

      after(() => cleanup.run());

      function macOf({ interface: name }: Host): string {
        return scene.network.run(scene.network.server, ['cat', `/sys/class/net/${name}/address`]).trim();
      }

      async function expectRefused(family: Family, mac: string): Promise<void> {
        const { network, sender, installation } = scene;
        const { client, server } = network;
        const neighbour = ['ip', 'neigh', 'replace', foreign[family], 'lladdr', mac, 'dev', client.interface];
        network.run(client, neighbour);
        const refusedBefore = refusedIn(bouncer.records);
        const from = bouncer.records.length;
        const wrong = installation.packet('alice', 21);
        await sender.send(wrong, foreign[family]);
        await bouncer.logged('a frame refused', (record) => refusedIn([record]) > refusedBefore, from);
        expect(bouncer.records.slice(from).filter(({ decision }) => decision !== undefined)).to.deep.equal(
          [],
        );
        // Nothing but the destination was wrong with it.
        await sender.send(wrong, server[family]);
        await bouncer.logged('the same packet accepted', isAccept, from);
      }

      for (const family of FAMILIES) {
        it(`is refused over ${family} although the frame is for this host`, async () => {
          await expectRefused(family, macOf(scene.network.server));
        });

        if (device === 'named')
          it(`is refused over ${family} when the frame is for another host too`, async () => {
            await expectRefused(family, OTHER_MAC);
          });
      }
    });
  }
});

function isLost({ msg }: LogRecord): boolean {
  return msg.startsWith('not listening: ');
}

function isAccept({ decision }: LogRecord): boolean {
  return decision === 'accept';
}

/** The end of an action of a packet before, which may come at any time. */
function isOutcome({ status }: LogRecord): boolean {
  return status !== undefined;
}

/** How many frames for others the capture has counted, as it said last. */
function refusedIn(records: readonly LogRecord[]): number {
  const counts = records.findLast(({ refused }) => refused !== undefined)?.['refused'];
  return (counts as Record<string, number> | undefined)?.['not-for-this-host'] ?? 0;
}
