import { expect } from 'chai';
import { ClusterStage, CLUSTER, SHARED, type Gateway } from '../support/cluster-stage.js';
import type { Redis } from '../support/redis.js';
import { needsRoot } from '../support/root.js';
import type { Sender } from '../support/sender.js';
import { waitFor, waitUntil } from '../support/wait.js';

const CODE = 21;

/** Milliseconds that a loaded machine may take for what is due. */
const PATIENCE = 20_000;

/** Packets that one gateway accepts and both others get afterwards, and how many of them at a time. */
const PACKETS = 5_000;
const BATCH = 500;
const AT_ONCE = 100;

/** Packets that all get at once. */
const ROUNDS = 50;

type Three = [Gateway, Gateway, Gateway];

describe('Three gateways behind one address', function () {
  this.timeout(180_000);
  let stage: ClusterStage;
  let redis: Redis;
  let sender: Sender;

  beforeEach(async function () {
    needsRoot(this);
    stage = new ClusterStage(3);
    stage.installation.addClient('alice');
    redis = await stage.store();
    sender = stage.sender();
  });

  afterEach(() => stage.close());

  function configure(more = ''): void {
    stage.configure(`${CLUSTER}${more}
[guard]
ports = ["tcp/22"]

[actions.ssh]
code = ${CODE}
allow = ["tcp/22"]
for = "10m"

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh"]
`);
  }

  function packet(duration = 0): Uint8Array {
    return stage.installation.packet('alice', CODE, { duration });
  }

  function all(): Three {
    return stage.gateways as Three;
  }

  /** Sends a packet to the address that all have, where it leads to one of them. @returns what that one made of it */
  async function decision(gateway: Gateway, bytes: Uint8Array): Promise<string> {
    stage.route(gateway);
    const { bouncer } = gateway;
    const from = bouncer.records.length;
    await sender.send(bytes, SHARED);
    const record = await bouncer.logged('a decision', ({ decision }) => decision !== undefined, from);
    return record.reason ?? String(record.decision);
  }

  /** How many packets a gateway has accepted, and how many it has decided on. */
  async function counts(gateway: Gateway): Promise<{ accepted: number; decided: number }> {
    const { accepted, rejected } = await gateway.status();
    const decided = Object.values(rejected).reduce((sum, count) => sum + count, accepted);
    return { accepted, decided };
  }

  /**
   * Sends packets to one gateway, not more at once than a capture's ring holds, and waits until it has
   * decided on all of them. @returns how many it has accepted
   */
  async function sendAll(gateway: Gateway, packets: readonly Uint8Array[], from = sender): Promise<number> {
    const before = await counts(gateway);
    let after = before;
    for (let first = 0; first < packets.length; first += AT_ONCE) {
      const some = packets.slice(first, first + AT_ONCE);
      await Promise.all(some.map((bytes) => from.send(bytes, gateway.host.ipv4)));
      const decided = async (): Promise<boolean> => {
        after = await counts(gateway);
        return after.decided === before.decided + first + some.length;
      };
      await waitUntil('all decisions', decided, PATIENCE);
    }
    return after.accepted - before.accepted;
  }

  async function open(gateways: readonly Gateway[], isOpen = true): Promise<void> {
    const address = stage.client.ipv4;
    await waitFor(
      isOpen ? 'the door to be open' : 'the door to be closed',
      () => gateways.every((gateway) => gateway.open().includes(address) === isOpen) || undefined,
      PATIENCE,
    );
  }

  it(`accept each of ${PACKETS} packets once, and refuse it ${2 * PACKETS} times, also while the store comes back empty`, async () => {
    configure();
    await stage.start();
    const senders = [sender, stage.sender()];
    const refused = async (gateways: readonly Gateway[], packets: readonly Uint8Array[]): Promise<void> => {
      const counted = gateways.map((gateway, index) => sendAll(gateway, packets, senders[index]));
      expect(await Promise.all(counted)).to.deep.equal([0, 0]);
    };
    let accepted = 0;
    for (let batch = 0; accepted < PACKETS; batch++) {
      const [first, ...others] = [0, 1, 2].map((index) => stage.gateways[(batch + index) % 3]) as Three;
      // As short as it can be, so that only the first opens something.
      const packets = Array.from({ length: BATCH }, () => packet(1));
      accepted += await sendAll(first, packets);
      const restarted = batch % 5 === 2 ? redis.kill().then(() => redis.start()) : undefined;
      await refused(others, packets);
      if (restarted === undefined) continue;
      await restarted;
      for (const gateway of [first, ...others]) await gateway.becomes('trusted', 2);
      await refused(others, packets);
    }
    const rejected = await Promise.all(
      stage.gateways.map(async (gateway) => (await gateway.status()).rejected),
    );
    expect(rejected.flatMap((counted) => Object.keys(counted))).to.include.members(['replay', 'cluster']);
  });

  it('accept each packet once, whoever gets it first', async () => {
    configure();
    await stage.start();
    const senders = stage.gateways.map(() => stage.sender());
    let inAll = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = packet(1);
      const accepted = await Promise.all(
        stage.gateways.map((gateway, index) => sendAll(gateway, [bytes], senders[index])),
      );
      const sum = accepted.reduce((total, count) => total + count, 0);
      expect(sum).to.be.at.most(1);
      inAll += sum;
    }
    // One that waits too long on a loaded machine is refused by all.
    expect(inAll).to.be.above(ROUNDS / 2);
  });

  it('open, extend, revoke and end a grant on all, and give it to who comes later', async () => {
    configure();
    const [first, second, third] = all();
    await stage.start([first, second]);
    expect(await decision(first, packet(300))).to.equal('accept');
    await open([first, second]);
    await third.start();
    await third.becomes('trusted', 2);
    await open([third]);
    expect(await decision(third, packet(600))).to.equal('accept');
    const seconds = async (gateway: Gateway): Promise<number> => {
      const { grants } = JSON.parse(await gateway.command('grants', '--json')) as {
        grants: { seconds: number }[];
      };
      expect(grants).to.have.length(1);
      return grants[0]?.seconds ?? 0;
    };
    for (const gateway of all())
      await waitUntil('the later end', async () => (await seconds(gateway)) > 500, PATIENCE);
    await third.stop();
    await second.command('revoke', 'alice');
    await open([first, second], false);
    await third.start();
    await open([third], false);
    await third.becomes('trusted', 2);
    for (const gateway of all())
      expect(JSON.parse(await gateway.command('grants', '--json'))).to.deep.equal({ grants: [] });

    expect(await decision(second, packet(3))).to.equal('accept');
    await open(all());
    await redis.kill();
    await open(all(), false);
    await stop(third);
  });

  /** Ends a daemon in order. */
  async function stop(gateway: Gateway): Promise<void> {
    expect(await gateway.bouncer.stop()).to.equal(0);
  }

  it('accept nothing without the store, unless the config says that each is alone then; a reload changes it', async () => {
    configure();
    await stage.start();
    const [first, second, third] = all();
    await redis.kill();
    for (const gateway of all()) await gateway.becomes('away');
    expect(await decision(first, packet())).to.equal('cluster');
    expect(first.bouncer.records.some(({ msg }) => msg.includes('NOTHING IS ACCEPTED'))).to.equal(true);

    configure('on_failure = "local"\n');
    for (const gateway of all()) await gateway.bouncer.reload();
    const bytes = packet(300);
    expect(await decision(first, bytes)).to.equal('accept');
    expect(await decision(second, bytes)).to.equal('accept');
    await redis.start();
    for (const gateway of all()) await gateway.becomes('trusted', 2);
    expect(await decision(third, bytes)).to.equal('replay');
    await open(all());

    stage.installation.writeConfig('[cluster]\nurl = "redis://gate:secret@192.0.2.254"\n');
    stage.copyTo(third);
    third.bouncer.child.kill('SIGHUP');
    const refusal = await third.bouncer.logged('a refusal', ({ msg }) =>
      msg.startsWith('config not reloaded'),
    );
    expect(refusal.msg).to.include('cluster.url: has a password in it');
    expect(await decision(third, packet())).to.equal('accept');

    stage.installation.writeConfig('');
    stage.copyTo(third);
    await third.bouncer.reload();
    expect(await third.status()).to.have.property('cluster', null);
    for (const { bouncer } of all()) expect(bouncer.lines.join('\n')).to.not.match(/not to be seen|:secret@/);
  });
});
