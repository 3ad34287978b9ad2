import { type ClientKeys, type Message, seal, sealWith } from '@bouncer-spa/protocol';
import { expect } from 'chai';
import { Bouncer, type LogRecord } from '../support/bouncer.js';
import { Installation, message, PORT } from '../support/installation.js';
import { Network } from '../support/network.js';
import { needsRoot } from '../support/root.js';
import { Sender } from '../support/sender.js';

const MINUTE = 60_000;
const DELTA = 2;

describe('A packet that must not be accepted', () => {
  let network: Network;
  let installation: Installation;
  let bouncer: Bouncer;
  let sender: Sender;

  before(async function () {
    needsRoot(this);
    network = Network.make();
    network.dropPort(PORT);
    installation = Installation.make();
    for (const name of ['alice', 'bob', 'carol', 'dave', 'stranger', 'witness']) installation.addClient(name);
    const client = (name: string, rest: string): string => `
[clients.${name}]
seed_file = "${name}.seed"
${rest}
`;
    installation.writeConfig(
      `
[log]
rejects_per_minute = 10000

[actions.ok]
code = 21
run = ["/bin/true"]

[actions.other]
code = 22
run = ["/bin/true"]

[actions.witness]
code = 29
run = ["/bin/true"]
${client('alice', 'actions = ["ok"]')}
${client('bob', 'actions = ["ok"]\nnot_after = 2020-01-01')}
${client('carol', 'actions = ["ok"]\nfrom = ["198.51.100.0/24", "2001:db8:1::/48"]')}
${client('witness', 'actions = ["witness"]')}
${client('dave', 'actions = ["ok"]\nbind = "strict"')}
`,
      { delta: DELTA },
    );
    bouncer = await Bouncer.start(network, installation);
    sender = new Sender(network, network.client);
  });

  after(async () => {
    await sender.close();
    await bouncer.kill();
    network.remove();
    installation.remove();
  });

  /**
   * Sends a packet and then one of the witness, which is accepted. The daemon judges in order of arrival, so the
   * records up to that acceptance are all it says about the first.
   */
  async function decisionsOn(packet: Uint8Array, address = network.server.ipv4): Promise<LogRecord[]> {
    const from = bouncer.records.length;
    await sender.send(packet, address);
    await sender.send(installation.packet('witness', 29), address);
    await bouncer.logged('the witness', isWitness, from);
    const records = bouncer.records.slice(from);
    return records.slice(0, records.findIndex(isWitness)).filter(({ decision }) => decision !== undefined);
  }

  async function expectReason(packet: Uint8Array, reason: string, address?: string): Promise<void> {
    const decisions = await decisionsOn(packet, address);
    expect(decisions.map((record) => record.decision)).to.deep.equal(['reject']);
    expect(decisions[0]?.reason).to.equal(reason);
  }

  /** What the kernel's filter drops never reaches a process, so nothing is said about it. */
  async function expectFiltered(packet: Uint8Array): Promise<void> {
    expect(await decisionsOn(packet)).to.deep.equal([]);
  }

  it('is rejected as replay when its bytes come again from elsewhere', async () => {
    const packet = installation.packet('alice', 21);
    await sender.send(packet, network.server.ipv4);
    await bouncer.logged('an acceptance', ({ decision }) => decision === 'accept');
    // The same source within two seconds would be the network's own duplicate.
    await expectReason(packet, 'replay', network.server.ipv6);
  });

  it('is not logged as an attack when the network delivers it twice', async () => {
    const packet = installation.packet('alice', 21);
    await sender.send(packet, network.server.ipv4);
    const from = bouncer.records.length;
    await sender.send(packet, network.server.ipv4);
    await decisionsOn(packet);
    expect(bouncer.records.slice(from).filter(({ reason }) => reason === 'replay')).to.deep.equal([]);
  });

  it('is rejected when one bit of any byte is changed', async function () {
    this.timeout(60_000);
    const original = installation.packet('alice', 21);
    for (let index = 0; index < original.length; index++) {
      const packet = Uint8Array.from(original);
      packet[index] = (packet[index] ?? 0) ^ (1 << (index % 8));
      if (index < 4) await expectFiltered(packet);
      else await expectReason(packet, index < 12 ? 'locator' : 'tag');
    }
  });

  it('is rejected when it is cut to any shorter length', async function () {
    this.timeout(60_000);
    const original = sealWith(installation.sealer('alice'), message(21), {
      iv: Buffer.alloc(16, 7),
      blocks: 8,
    });
    for (let size = 0; size < original.length; size++) {
      const packet = original.subarray(0, size);
      if (size >= 124 && (size - 124) % 16 === 0) await expectReason(packet, 'tag');
      else await expectFiltered(packet);
    }
  });

  it('is rejected when it was sealed for another server id', async () => {
    const wrong = installation.sealer('alice', 'gw2.example.net');
    await expectFiltered(seal(wrong, message(21)));
    const right = installation.sealer('alice');
    // With the right gate it comes as far as the locator, with the right locator as far as the tag.
    await expectReason(seal({ ...wrong, gate: right.gate }, message(21)), 'locator');
    const client = withLocatorOf(right.client, wrong.client);
    await expectReason(seal({ ...wrong, gate: right.gate, client }, message(21)), 'tag');
  });

  it('is rejected when its client is unknown or not the one that its locator names', async () => {
    await expectReason(installation.packet('stranger', 21), 'locator');
    const alice = installation.sealer('alice');
    const { client: stranger } = installation.sealer('stranger');
    const client = withLocatorOf(alice.client, stranger);
    await expectReason(seal({ ...alice, client }, message(21)), 'tag');
  });

  it('is rejected when its action code is unknown', async () => {
    await expectReason(installation.packet('alice', 23), 'locator');
  });

  it('is rejected when its minute is outside the window on either side, and accepted at its ends', async () => {
    const sealedAt = (minutes: number): Uint8Array =>
      installation.packet('alice', 21, { time: Date.now() + minutes * MINUTE });
    await waitForEarlyMinute();
    // Gates of the past are gone from the kernel's filter, those of the next hour are in it already.
    await expectReason(sealedAt(DELTA + 1), 'gate');
    await expectReason(sealedAt(DELTA + 30), 'gate');
    await expectFiltered(sealedAt(-DELTA - 1 - elapsedMinutes()));
    for (const minutes of [-DELTA, DELTA]) {
      const decisions = await decisionsOn(sealedAt(minutes));
      expect(decisions).to.have.length(1);
      expect(decisions[0]).to.include({ decision: 'accept', minute_offset: minutes });
    }
  });

  it('is rejected when the client may not use the action', async () => {
    await expectReason(installation.packet('alice', 22), 'action');
  });

  it("is rejected when the client's time is over", async () => {
    await expectReason(installation.packet('bob', 21), 'expired');
  });

  it("is rejected when its source is in none of the client's networks", async () => {
    await expectReason(installation.packet('carol', 21), 'network');
    await expectReason(installation.packet('carol', 21), 'network', network.server.ipv6);
  });

  it('is rejected when it names an address that the client may not act for', async () => {
    const elsewhere: Partial<Message> = {
      address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 198, 51, 100, 7),
    };
    await expectReason(installation.packet('alice', 21, elsewhere), 'address');
    await expectReason(installation.packet('dave', 21, elsewhere), 'address');
    await expectReason(installation.packet('dave', 21), 'address');
  });

  it('is rejected when it brings an argument that the action does not take', async () => {
    await expectReason(installation.packet('alice', 21, { argument: 'x' }), 'pattern');
  });

  /** Minutes since the daemon's filter was made: gates that were in the window then still pass it. */
  function elapsedMinutes(): number {
    const first = Number(bouncer.records.find(({ msg }) => msg.startsWith('listening'))?.['first_minute']);
    return Math.floor(Date.now() / MINUTE) - DELTA - first;
  }
});

function isWitness({ decision, client }: LogRecord): boolean {
  return decision === 'accept' && client === 'witness';
}

/** Keeps a test that names minutes away from the end of one. */
async function waitForEarlyMinute(): Promise<void> {
  const left = MINUTE - (Date.now() % MINUTE);
  if (left < 5_000) await new Promise((resolve) => setTimeout(resolve, left));
}

/** Keys that find their packets another's entry. */
function withLocatorOf({ locator }: ClientKeys, { password, mac, encryption }: ClientKeys): ClientKeys {
  return { locator, password, mac, encryption };
}
