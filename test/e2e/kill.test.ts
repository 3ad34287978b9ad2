import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { minuteOf } from '@bouncer-spa/protocol';
import { Bouncer, isListening, type LogRecord } from '../support/bouncer.js';
import { Cleanup } from '../support/cleanup.js';
import { Installation, PORT } from '../support/installation.js';
import { Network } from '../support/network.js';
import { isRunning, pidsOn } from '../support/processes.js';
import { Random } from '../support/random.js';
import { needsRoot } from '../support/root.js';
import { Sender } from '../support/sender.js';
import { waitFor } from '../support/wait.js';

const MINUTE = 60_000;
const DELTA = 2;
const KILLS = 200;

/** Packets of which some were being worked on when the daemon was killed. */
const HIT = 16;

/** A packet that was sent, and the id that its action writes down. */
interface Sent {
  readonly id: string;
  readonly packet: Uint8Array;
  /** The minute it was sealed for. */
  readonly minute: number;
}

describe('After kill -9', () => {
  let network: Network;
  let installation: Installation;
  let sender: Sender;
  let bouncer: Bouncer;
  const cleanup = new Cleanup();

  beforeEach(function () {
    needsRoot(this);
    installation = Installation.make();
    cleanup.add(() => {
      installation.remove();
    });
    network = Network.make();
    cleanup.add(() => {
      network.remove();
    });
    network.dropPort(PORT);
    for (const name of ['alice', 'witness']) installation.addClient(name);
    const run = installation.writeScript('run.sh', 'echo "$1" >> "$(dirname "$0")/noted"');
    const stop = installation.writeScript('stop.sh', 'echo "$1" >> "$(dirname "$0")/undone"');
    installation.writeConfig(
      `
[limits]
running = 1024

[log]
rejects_per_minute = 10000

[actions.note]
code = 21
run = ["${run}", "{argument}"]
stop = ["${stop}", "{argument}"]
for = "1s"
argument = "[0-9]+-[0-9]+"

[actions.witness]
code = 29
run = ["/bin/true"]
stop = ["/bin/true"]
for = "1s"

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
grants = 10000

[clients.witness]
seed_file = "witness.seed"
actions = ["witness"]
`,
      { delta: DELTA },
    );
    sender = new Sender(network, network.client);
    cleanup.add(() => sender.close());
  });

  // Removing the network ends the daemons, too.
  afterEach(() => cleanup.run());

  const random = new Random();
  it(`of the daemon, ${KILLS} times amidst packets, none is acted on twice, and each is undone once (SEED=${random.seed})`, async function () {
    this.timeout(1_200_000);
    const traffic = new Traffic(network, installation, sender, random);
    let replayed = 0;
    for (let round = 0; round < KILLS; round++) {
      const daemon = Bouncer.spawn(network, network.server, installation);
      if (random.below(10) === 0) {
        // Now and then before it is ready, and then with nothing to say.
        await sleep(random.below(400));
      } else {
        await daemon.logged('listening', isListening);
        const flow = traffic.flow(round);
        cleanup.add(() => flow.stop());
        if (random.below(2) === 0) {
          await sleep(random.below(80));
        } else {
          const enough = random.below(8);
          await waitFor('packets to be accepted', () => daemon.accepted.length >= enough || undefined);
          await sleep(random.below(10));
        }
        await daemon.kill();
        await flow.stop();
      }
      await daemon.kill();
      expectHealthy(daemon);
      replayed += replays(daemon);
    }

    const last = await Bouncer.start(network, installation);
    // The actions of the one before may still be running.
    await witnessed(last);
    const before = new Set(idsIn('noted'));
    const left = traffic.inWindow().filter(({ id }) => !before.has(id));
    for (let at = 0; at < left.length; at += 50) {
      await traffic.deliver(left.slice(at, at + 50));
      await witnessed(last);
    }
    expectHealthy(last);
    await waitFor(
      'the last lease to be undone',
      () => idsIn('undone').length >= idsIn('noted').length || undefined,
      60_000,
    );
    await last.stop();
    await waitFor('the last action', () => pidsOn(network, network.server).length === 0 || undefined);

    const noted = idsIn('noted');
    const undone = idsIn('undone');
    expect(repeated(noted), `acted on more than once, SEED=${random.seed}`).to.deep.equal([]);
    expect(
      noted.filter((id) => !traffic.ids.has(id)),
      'never sent',
    ).to.deep.equal([]);
    expect(repeated(undone), `undone more than once, SEED=${random.seed}`).to.deep.equal([]);
    expect(undone.sort(), `undone is what was done, SEED=${random.seed}`).to.deep.equal(noted.sort());

    // All this says nothing unless the daemons did act, were sent again what they had acted on, and were hit between
    // the record and the action, too: what is spent then is never acted on.
    const numbers = `of ${traffic.ids.size} sent, ${before.size} were acted on before the last daemon, ${replayed} times one came again, ${replays(last)} were spent without action`;
    expect(before.size, numbers).to.be.at.least(KILLS / 2);
    expect(replayed, numbers).to.be.at.least(KILLS / 2);
    expect(replays(last), numbers).to.be.at.least(KILLS / 20);
  });

  it('of the daemon, no process of it is left', async () => {
    bouncer = await Bouncer.start(network, installation);
    const { capturePid } = bouncer;
    expect(pidsOn(network, network.server)).to.include.members([bouncer.pid, capturePid]);
    await bouncer.kill();
    await waitFor('the capture process to end', () => !isRunning(capturePid) || undefined);
    expect(pidsOn(network, network.server)).to.deep.equal([]);
  });

  it('of the daemon while a packet arrives every now and then, no process of it is left', async () => {
    bouncer = await Bouncer.start(network, installation);
    const { capturePid } = bouncer;
    const flow = new Traffic(network, installation, sender, random).flow(0);
    cleanup.add(() => flow.stop());
    await bouncer.logged('an acceptance', isAccept);
    await bouncer.kill();
    await waitFor('the capture process to end', () => !isRunning(capturePid) || undefined);
    await flow.stop();
    await waitFor('every action to end', () => pidsOn(network, network.server).length === 0 || undefined);
  });

  it('of the capture process, the daemon says so, starts another, and hears the next packet', async () => {
    bouncer = await Bouncer.start(network, installation);
    const { pid } = bouncer;
    for (const address of [network.server.ipv4, network.server.ipv6]) {
      const { capturePid } = bouncer;
      const from = bouncer.records.length;
      process.kill(capturePid, 'SIGKILL');
      const lost = await bouncer.logged('not listening', ({ msg }) => msg.startsWith('not listening'), from);
      expect(lost.reason).to.match(/SIGKILL/);
      await bouncer.logged('listening', isListening, from);
      expect(bouncer.capturePid).not.to.equal(capturePid);
      await sender.send(installation.packet('witness', 29), address);
      await bouncer.logged('an acceptance', isAccept, from);
      expect(isRunning(pid), 'the daemon runs').to.equal(true);
    }
    expect(bouncer.records.filter(({ msg }) => msg === 'bouncer started')).to.have.length(1);
  });

  function idsIn(file: 'noted' | 'undone'): string[] {
    return installation.read(file).split('\n').filter(Boolean);
  }

  /** Waits until everything that was sent before has been judged. */
  async function witnessed(daemon: Bouncer): Promise<void> {
    const from = daemon.records.length;
    await sender.send(installation.packet('witness', 29), network.server.ipv4);
    await daemon.logged(
      'the witness',
      ({ decision, client }) => decision === 'accept' && client === 'witness',
      from,
    );
  }
});

/** A flow of packets, which goes on until it is stopped. */
interface Flow {
  stop(): Promise<void>;
}

/** Packets of all minutes of the window, each with an id of its own, and again those of earlier rounds. */
class Traffic {
  readonly ids = new Set<string>();
  readonly #network: Network;
  readonly #installation: Installation;
  readonly #sender: Sender;
  readonly #random: Random;
  readonly #sent: Sent[] = [];

  constructor(network: Network, installation: Installation, sender: Sender, random: Random) {
    this.#network = network;
    this.#installation = installation;
    this.#sender = sender;
    this.#random = random;
  }

  /** Those that a daemon would still accept, were they new to it. */
  inWindow(): Sent[] {
    const first = minuteOf(Date.now()) - DELTA;
    return this.#sent.filter(({ minute }) => minute >= first);
  }

  async deliver(packets: readonly Sent[]): Promise<void> {
    const { ipv4, ipv6 } = this.#network.server;
    await Promise.all(
      packets.map(({ packet }) => this.#sender.send(packet, this.#random.below(2) ? ipv4 : ipv6)),
    );
  }

  /** First the last of what was sent before, then new packets and old ones, a few every few milliseconds. */
  flow(round: number): Flow {
    const earlier = this.inWindow();
    let ended = false;
    const send = async (): Promise<void> => {
      await this.deliver(earlier.slice(-HIT));
      for (let count = 0; !ended;) {
        const some: Sent[] = [];
        for (let news = 1 + this.#random.below(4); news > 0; news--)
          some.push(this.#make(`${round}-${count++}`));
        const old = this.#random.pick(earlier);
        if (old !== undefined) some.push(old);
        await this.deliver(some);
        await sleep(this.#random.below(8));
      }
    };
    const done = send();
    return {
      stop: async () => {
        ended = true;
        await done;
      },
    };
  }

  #make(id: string): Sent {
    const ahead = this.#random.below(DELTA + 2) - 1;
    const time = Date.now() + ahead * MINUTE;
    const packet = this.#installation.packet('alice', 21, { argument: id, time });
    const sent = { id, packet, minute: minuteOf(time) };
    this.ids.add(id);
    this.#sent.push(sent);
    return sent;
  }
}

/** Those that are there more than once. */
function repeated(ids: readonly string[]): string[] {
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

function isAccept({ decision }: LogRecord): boolean {
  return decision === 'accept';
}

function replays(daemon: Bouncer): number {
  return daemon.rejected.filter(({ reason }) => reason === 'replay').length;
}

function expectHealthy(daemon: Bouncer): void {
  expect(daemon.complaints).to.equal('');
  const damage = daemon.records.filter(
    ({ msg, ended }) =>
      /damaged|could not be recorded|stop of .* (exited with status [1-9]|was ended)/.test(msg) ||
      ended === 'failed',
  );
  expect(damage.map(({ msg }) => msg)).to.deep.equal([]);
}
