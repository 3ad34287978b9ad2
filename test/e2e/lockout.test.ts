import { expect } from 'chai';
import type { Bouncer } from '../support/bouncer.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';

const CODE = 21;
const AFTER = 5;

describe('A source that is locked out', () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;

  before(async function () {
    stage.open(this);
    for (const name of ['alice', 'stranger']) stage.installation.addClient(name);
    configure(`[lockout]\nafter = ${AFTER}\n`);
    bouncer = await stage.bouncer(['-v']);
    sender = stage.sender();
    for (let left = AFTER; left > 0; left--) {
      const decision = await decisionOn(stage, bouncer, sender, stage.installation.packet('stranger', CODE));
      expect(decision).to.include({ decision: 'reject', reason: 'locator' });
    }
  });

  after(() => stage.close());

  function configure(lockout: string): void {
    stage.installation.writeConfig(`
${lockout}
[actions.ok]
code = ${CODE}
run = ["/bin/true"]

[clients.alice]
seed_file = "alice.seed"
actions = ["ok"]
`);
  }

  const packet = (): Uint8Array => stage.installation.packet('alice', CODE);

  it('is said to be so, once', async () => {
    const { ipv4 } = stage.network.client;
    await bouncer.logged('who is locked out', (record) => record['locked_out'] === ipv4);
    expect(bouncer.records.filter((record) => 'locked_out' in record)).to.have.length(1);
  });

  it('is not listened to any more, not even with a good packet, which another source may send', async () => {
    const ignored = packet();
    const decision = await decisionOn(stage, bouncer, sender, ignored);
    expect(decision).to.include({ decision: 'reject', reason: 'lockout' });
    expect(decision.level, 'level of the log').to.equal(20);
    const { ipv6 } = stage.network.server;
    expect(await decisionOn(stage, bouncer, sender, ignored, { address: ipv6 })).to.include({
      decision: 'accept',
      source: stage.network.client.ipv6,
    });
  });

  it('stays so through a reload, and is listened to when it is excepted', async () => {
    await bouncer.reload();
    expect(await decisionOn(stage, bouncer, sender, packet())).to.include({ reason: 'lockout' });
    configure(`[lockout]\nafter = ${AFTER}\nexcept = ["192.0.2.0/24"]\n`);
    await bouncer.reload();
    expect(await decisionOn(stage, bouncer, sender, packet())).to.include({ decision: 'accept' });
  });
});
