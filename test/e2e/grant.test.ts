import { expect } from 'chai';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const CODE = 25;

/** Milliseconds that a loaded machine may take for what is due. */
const PATIENCE = 20_000;

const TABLE = `table inet mine {
  set web4 { type ipv4_addr; flags timeout; }
  set web6 { type ipv6_addr; flags timeout; }
}`;

describe("A grant in a set of the administrator's own", () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;

  beforeEach(function () {
    stage.open(this);
    for (const name of ['alice', 'bob']) stage.installation.addClient(name);
    sender = stage.sender();
  });

  afterEach(() => stage.close());

  function configure(clients: Readonly<Record<string, string>> = { alice: '', bob: '' }): void {
    const tables = Object.entries(clients).map(
      ([name, keys]) => `[clients.${name}]\nseed_file = "${name}.seed"\nactions = ["web"]\n${keys}\n`,
    );
    stage.installation.writeConfig(`[actions.web]
code = ${CODE}
set = ["inet mine web4", "inet mine web6"]
for = "30s"
max = "10m"

${tables.join('\n')}`);
  }

  async function start(clients?: Readonly<Record<string, string>>): Promise<void> {
    configure(clients);
    bouncer = await stage.bouncer();
  }

  function makeSets(): void {
    const { network } = stage;
    network.run(network.server, ['nft', '-f', '-'], TABLE);
  }

  async function accepted(client: string, duration = 0, address?: string): Promise<LogRecord> {
    const packet = stage.installation.packet(client, CODE, { duration });
    const decision = await decisionOn(
      stage,
      bouncer,
      sender,
      packet,
      address === undefined ? {} : { address },
    );
    expect(decision).to.include({ decision: 'accept' });
    return decision;
  }

  /** Seconds that the kernel still lets an address in; `undefined` if it does not. */
  function left(set: 'web4' | 'web6', address: string): number | undefined {
    const { network } = stage;
    const listed = network.run(network.server, ['nft', '-j', 'list', 'set', 'inet', 'mine', set]);
    interface Listing {
      readonly nftables: readonly {
        readonly set?: { readonly elem?: readonly { readonly elem: { val: string; expires: number } }[] };
      }[];
    }
    const elements = (JSON.parse(listed) as Listing).nftables.flatMap((entry) => entry.set?.elem ?? []);
    return elements.find(({ elem }) => elem.val === address)?.elem.expires;
  }

  function opened(least: number, set: 'web4' | 'web6' = 'web4'): Promise<number> {
    const { ipv4, ipv6 } = stage.network.client;
    return waitFor(
      `at least ${least} seconds`,
      () => {
        const seconds = left(set, set === 'web4' ? ipv4 : ipv6);
        return seconds !== undefined && seconds >= least ? seconds : undefined;
      },
      PATIENCE,
    );
  }

  function isShut(): boolean {
    return left('web4', stage.network.client.ipv4) === undefined;
  }

  it('is there for its time, in the set of its family, and the kernel ends it without the daemon', async () => {
    makeSets();
    await start();
    await accepted('alice', 4);
    await accepted('alice', 600, stage.network.server.ipv6);
    expect(await opened(1)).to.be.at.most(4);
    expect(await opened(500, 'web6')).to.be.at.most(600);
    await bouncer.kill();
    await waitFor('the kernel to end it', () => isShut() || undefined, PATIENCE);
  });

  it('is extended by the next packet, and never made shorter', async () => {
    makeSets();
    await start();
    const { grant } = await accepted('alice', 200);
    await opened(150);
    expect(await accepted('alice', 400)).to.include({ grant, extended: true });
    await opened(300);
    expect(await accepted('alice', 1)).to.include({ grant, extended: true });
    // The last one has been done when one behind it has.
    await accepted('bob', 600, stage.network.server.ipv6);
    await opened(500, 'web6');
    expect(left('web4', stage.network.client.ipv4)).to.be.within(300, 400);
  });

  it('lasts no longer than the action and the client allow', async () => {
    makeSets();
    await start({ alice: 'max = "2m"', bob: '' });
    expect(await accepted('alice', 3_600)).to.include({ duration: 120 });
    expect(await opened(1)).to.be.at.most(120);
    expect(await accepted('bob', 3_600)).to.include({ duration: 600 });
    expect(await opened(500)).to.be.at.most(600);
  });

  it('leaves the address in as long as another client holds one for it', async () => {
    makeSets();
    await start();
    await accepted('alice', 600);
    await accepted('bob', 100);
    await opened(500);
    configure({ bob: '' });
    await bouncer.reload();
    await waitFor("alice's end", () => (left('web4', stage.network.client.ipv4) ?? 600) <= 100 || undefined);
    expect(isShut()).to.equal(false);
    stage.installation.writeConfig('');
    await bouncer.reload();
    await waitFor("bob's end", () => isShut() || undefined);
  });

  it('is taken up again by the next daemon, which puts back what the kernel has lost', async () => {
    makeSets();
    await start();
    await accepted('alice', 300);
    await opened(200);
    await bouncer.kill();
    stage.network.run(stage.network.server, ['nft', 'flush', 'ruleset']);
    makeSets();
    bouncer = await stage.bouncer();
    expect(await opened(1)).to.be.at.most(300);
  });

  it('that the firewall refuses is told with its words, and is there as soon as it can be', async () => {
    await start();
    await accepted('alice', 300);
    const failure = await bouncer.logged('the failure', ({ msg }) => msg.startsWith('the firewall did not'));
    expect(failure).to.include({ level: 50, client: 'alice' });
    expect(failure.reason).to.match(/"inet mine web4" does not exist/);
    makeSets();
    await opened(200);
    await bouncer.logged('that it is done', ({ msg }) => msg.startsWith('the firewall has done'));
  });
});
