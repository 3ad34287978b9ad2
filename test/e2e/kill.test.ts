import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { minuteOf } from '@bouncer-spa/protocol';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { aftermathOf, type Aftermath } from '../support/aftermath.js';
import { Bouncer, isListening, type LogRecord } from '../support/bouncer.js';
import { Cleanup } from '../support/cleanup.js';
import { Installation, PORT } from '../support/installation.js';
import { Network } from '../support/network.js';
import { OpeningWatch } from '../support/opening-watch.js';
import { isRunning, pidsOn } from '../support/processes.js';
import { Random } from '../support/random.js';
import { needsRoot } from '../support/root.js';
import { Sender } from '../support/sender.js';
import { waitFor } from '../support/wait.js';

const MINUTE = 60_000;
const DELTA = 2;
const KILLS = 200;

/** Runs and stops that were cut by them, at least: on a slow machine more kills are needed for that. */
const CUTS = KILLS / 20;

/** Packets of which some were being worked on when the daemon was killed. */
const HIT = 16;

/** Seconds for which an address is let in: several daemons long. */
const OPEN = 10;

const NOTE = 21;
const SSH = 22;
const WITNESS = 29;

/** A packet that was sent. */
interface Sent {
  /** What a lease writes down, or the address that is let in. */
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

[guard]
ports = ["tcp/22"]

[actions.ssh]
code = ${SSH}
allow = ["tcp/22"]
for = "${OPEN}s"

[actions.note]
code = ${NOTE}
run = ["${run}", "{argument}"]
stop = ["${stop}", "{argument}"]
for = "1s"
argument = "[0-9]+-[0-9]+"

[actions.witness]
code = ${WITNESS}
run = ["/bin/true"]
stop = ["/bin/true"]
for = "1s"

[clients.alice]
seed_file = "alice.seed"
actions = ["note", "ssh"]
bind = "any"
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
  it(`of the daemon or of everything, ${KILLS} times or more amidst packets, nothing is granted twice, each lease is undone once, and nobody is let in for longer (SEED=${random.seed})`, async function () {
    this.timeout(3_600_000);
    const traffic = new Traffic(network, installation, sender, random);
    const openings = new OpeningWatch(network);
    const cut: Aftermath[] = [];
    const letIn: unknown[] = [];
    let replayed = 0;
    const cuts = (): number => cut.reduce((sum, { runs, stops }) => sum + runs.length + stops.length, 0);
    for (let round = 0; round < KILLS || (cuts() < CUTS && round < 3 * KILLS); round++) {
      const daemon = Bouncer.spawn(network, network.server, installation);
      const kill = async (): Promise<void> => {
        if (random.below(2) === 0) {
          await daemon.kill();
        } else {
          await killEverything();
          await daemon.ended;
          cut.push(aftermathOf(installation));
        }
      };
      if (random.below(10) === 0) {
        // Now and then before it is ready, and then with nothing to say.
        await sleep(random.below(400));
        await kill();
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
        await kill();
        await flow.stop();
      }
      openings.look();
      expectHealthy(daemon, cut);
      replayed += replays(daemon);
      letIn.push(...addressesLetInBy(daemon));
    }

    const last = await Bouncer.start(network, installation);
    // The actions of the one before may still be running.
    await witnessed(last);
    const before = new Set(idsIn('noted'));
    const done = new Set<unknown>([...before, ...letIn]);
    const left = traffic.inWindow().filter(({ id }) => !done.has(id));
    for (let at = 0; at < left.length; at += 50) {
      await traffic.deliver(left.slice(at, at + 50));
      await witnessed(last);
    }
    expectHealthy(last, cut);
    await waitFor(
      'the last lease to be undone',
      () => missingIn(idsIn('undone'), idsIn('noted')).length === 0 || undefined,
      60_000,
    );
    await traffic.deliverNew(SSH);
    await waitFor('somebody to be let in', () => openings.look() > 0 || undefined);
    await last.kill();
    await waitFor('the last action', () => pidsOn(network, network.server).length === 0 || undefined);
    letIn.push(...addressesLetInBy(last));
    // No daemon is there any more.
    await waitFor('the kernel to let nobody in', () => openings.look() === 0 || undefined, 3 * OPEN * 1_000);

    const noted = idsIn('noted');
    const undone = idsIn('undone');
    const runs = cut.flatMap((aftermath) => aftermath.runs);
    const stops = cut.flatMap((aftermath) => aftermath.stops);
    const seed = `SEED=${random.seed}`;
    expect(repeated(noted), `acted on more than once, ${seed}`).to.deep.equal([]);
    expect(repeated(letIn), `let in by the same packet more than once, ${seed}`).to.deep.equal([]);
    expect(openings.faults, `let in for longer, ${seed}`).to.deep.equal([]);
    expect(missingIn([...traffic.ids], noted), 'never sent').to.deep.equal([]);
    expect(missingIn(undone, noted), `not undone, ${seed}`).to.deep.equal([]);
    expect(missingIn([...noted, ...runs], undone), `undone but not done, ${seed}`).to.deep.equal([]);
    expect(missingIn(stops, repeated(undone)), `undone more than once, ${seed}`).to.deep.equal([]);

    // All this says nothing unless the daemons did act, were sent again what they had acted on, and were hit between
    // the record and the action, too: what is spent then is never acted on.
    const numbers = `of ${traffic.ids.size} sent, ${before.size} were acted on before the last daemon, ${openings.size} seen in the kernel, ${replayed} times one came again, ${replays(last)} were spent without action, ${runs.length} runs and ${stops.length} stops were cut`;
    expect(before.size, numbers).to.be.at.least(KILLS / 2);
    expect(openings.size, numbers).to.be.at.least(KILLS / 4);
    expect(replayed, numbers).to.be.at.least(KILLS / 2);
    expect(replays(last), numbers).to.be.at.least(KILLS / 20);
    expect(cuts(), numbers).to.be.at.least(CUTS);
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
      await sender.send(installation.packet('witness', WITNESS), address);
      await bouncer.logged('an acceptance', isAccept, from);
      expect(isRunning(pid), 'the daemon runs').to.equal(true);
    }
    expect(bouncer.records.filter(({ msg }) => msg === 'bouncer started')).to.have.length(1);
  });

  async function killEverything(): Promise<void> {
    for (;;) {
      const pids = pidsOn(network, network.server).filter(isRunning);
      if (pids.length === 0) return;
      for (const pid of pids) killIfThere(pid);
      await sleep(2);
    }
  }

  function idsIn(file: 'noted' | 'undone'): string[] {
    return installation.read(file).split('\n').filter(Boolean);
  }

  /** Waits until everything that was sent before has been judged. */
  async function witnessed(daemon: Bouncer): Promise<void> {
    const from = daemon.records.length;
    await sender.send(installation.packet('witness', WITNESS), network.server.ipv4);
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
          some.push(this.#random.below(3) === 0 ? this.#make(SSH) : this.#make(NOTE, `${round}-${count++}`));
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

  /** Delivers one that was never sent before. */
  async deliverNew(code: typeof SSH): Promise<void> {
    await this.deliver([this.#make(code)]);
  }

  #make(code: typeof NOTE, argument: string): Sent;
  #make(code: typeof SSH): Sent;
  #make(code: typeof NOTE | typeof SSH, argument = ''): Sent {
    const ahead = this.#random.below(DELTA + 2) - 1;
    const time = Date.now() + ahead * MINUTE;
    const number = this.#sent.length;
    const id = code === NOTE ? argument : `10.0.${number >> 8}.${number & 0xff}`;
    const address = code === NOTE ? undefined : parseAddress(id);
    const packet = this.#installation.packet('alice', code, { argument, address, time });
    const sent = { id, packet, minute: minuteOf(time) };
    this.ids.add(id);
    this.#sent.push(sent);
    return sent;
  }
}

/** Those that are there more than once. */
function repeated<Item>(items: readonly Item[]): Item[] {
  const once = new Set<Item>();
  return items.filter((item) => once.size === once.add(item).size);
}

/** Those of the others that are not among the items. */
function missingIn<Item>(items: readonly Item[], others: readonly Item[]): Item[] {
  const known = new Set(items);
  return others.filter((other) => !known.has(other));
}

function isAccept({ decision }: LogRecord): boolean {
  return decision === 'accept';
}

function addressesLetInBy(daemon: Bouncer): unknown[] {
  return daemon.accepted.filter(({ action }) => action === 'ssh').map(({ address }) => address);
}

/** Packets with a lease that came again. */
function replays(daemon: Bouncer): number {
  return daemon.rejected.filter(({ reason, action }) => reason === 'replay' && action === 'note').length;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** @param cut what was running when everything was killed: a `run` of those counts as failed */
function expectHealthy(daemon: Bouncer, cut: readonly Aftermath[]): void {
  expect(daemon.complaints).to.equal('');
  const cutRuns = new Set<unknown>(cut.flatMap(({ grants }) => grants));
  const damage = daemon.records.filter(
    ({ msg, ended, grant }) =>
      /damaged|could not be recorded|stop of .* (exited with status [1-9]|was ended)/.test(msg) ||
      (ended === 'failed' && !cutRuns.has(grant)),
  );
  expect(damage.map(({ msg }) => msg)).to.deep.equal([]);
}
