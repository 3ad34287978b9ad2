import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bouncer, isListening } from '../support/bouncer.js';
import { Cleanup } from '../support/cleanup.js';
import { Clock } from '../support/clock.js';
import { Flooder, type Flood } from '../support/flooder.js';
import { Installation, PORT } from '../support/installation.js';
import { Network } from '../support/network.js';
import { residentBytes } from '../support/processes.js';
import { needsRoot } from '../support/root.js';
import { Sender } from '../support/sender.js';
import { waitFor } from '../support/wait.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const VALID = 10;

/** Tries that an owner has to get in while junk arrives faster than anyone could judge it. */
const TRIES = 50;

/** Datagrams of a flood. */
const LEAST_JUNK = 30_000;
const MOST_JUNK = 2_000_000;

/** Log lines a minute for each reason to reject: what the config has by itself. */
const REJECTS_PER_MINUTE = 20;

const MOST_GROWTH = 100 * 1024 * 1024;

/** How often the capture is replaced: in all tests a few times, in `npm run endurance` a thousand. */
const ENDURANCE = Number(process.env['ENDURANCE'] ?? 0);

/** Packets of a flow that may wait for their actions. */
const MOST_WAITING = 100;

const RELOADS = ENDURANCE || 20;
const ROTATIONS = ENDURANCE || 5;

/** A daemon whose action writes down the argument of each packet. */
class Scene {
  readonly network: Network;
  readonly installation: Installation;
  readonly sender: Sender;
  readonly #script: string;
  readonly #cleanup: Cleanup;
  #made = 0;

  /** @param cleanup told how to end it; removing the network ends the daemon, too */
  constructor(cleanup: Cleanup) {
    this.#cleanup = cleanup;
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
    this.#script = this.installation.writeScript('note.sh', 'echo "$1" >> "$(dirname "$0")/noted"');
    this.configure('any');
    this.sender = new Sender(this.network, this.network.client);
    cleanup.add(() => this.sender.close());
  }

  configure(device: string): void {
    this.installation.writeConfig(
      `
[limits]
running = 1024

[actions.note]
code = 21
run = ["${this.#script}", "{argument}"]
argument = "[0-9]+"

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`,
      { interface: device },
    );
  }

  async start(clock?: Clock): Promise<Bouncer> {
    const spawn = (): Bouncer => Bouncer.spawn(this.network, this.network.server, this.installation);
    const bouncer = clock?.givenTo(spawn) ?? spawn();
    await bouncer.logged('listening', isListening);
    return bouncer;
  }

  /** Sends a new packet. @returns what its action will write down */
  async send(time = Date.now()): Promise<string> {
    const id = String(++this.#made);
    const packet = this.installation.packet('alice', 21, { argument: id, time });
    const { ipv4, ipv6 } = this.network.server;
    await this.sender.send(packet, this.#made % 2 === 0 ? ipv4 : ipv6);
    return id;
  }

  /** Begins to send a packet every few milliseconds. */
  flow(clock?: Clock): Flow {
    const flow = new Flow(this, clock);
    this.#cleanup.add(() => flow.stop());
    return flow;
  }

  noted(): string[] {
    return this.installation.read('noted').split('\n').filter(Boolean);
  }

  async expectNoted(ids: readonly string[]): Promise<void> {
    const missing = (): string[] => {
      const noted = new Set(this.noted());
      return ids.filter((id) => !noted.has(id));
    };
    // Who is missing says more than that time is up.
    await waitFor('the actions', () => missing().length === 0 || undefined).catch(() => undefined);
    expect(missing(), 'not acted on').to.deep.equal([]);
  }

  /** Datagrams and whatever else the client has sent. */
  transmitted(): number {
    const { client } = this.network;
    return Number(
      this.network.run(client, ['cat', `/sys/class/net/${client.interface}/statistics/tx_packets`]),
    );
  }
}

describe('Under a flood of junk', function () {
  this.timeout(120_000);
  const cleanup = new Cleanup();
  let scene: Scene;
  let bouncer: Bouncer;

  before(async function () {
    needsRoot(this);
    scene = new Scene(cleanup);
    bouncer = await scene.start();
  });

  after(() => cleanup.run());

  const floods = [
    { what: 'with random gates', known: 0, reason: undefined },
    { what: 'with a sniffed gate', known: 4, reason: 'locator' },
    { what: 'with a sniffed gate and locator', known: 12, reason: 'tag' },
  ] as const;
  for (const { what, known, reason } of floods) {
    describe(what, () => {
      let from: number;
      let memory: { daemon: number; capture: number };
      let junk = 0;
      let tries = 0;

      before(async () => {
        await sendEach();
        memory = memoryNow();
        from = bouncer.records.length;
      });

      // The ring holds 128 frames: of what the kernel does not drop, four each millisecond fill it in 32 ms, for which
      // the capture process may well have to wait on a busy machine.
      it(`acts on ${VALID} of ${VALID} valid packets while some thousand datagrams a second arrive`, async () => {
        const pace = { datagrams: known === 0 ? 4 : 1, milliseconds: 1 };
        await flooded({ pace }, () => sendEach(30));
      });

      // What the kernel does not drop costs time, and who sends it is faster than who judges it.
      it(`acts on what is sent ${known === 0 ? 'once' : 'again and again'} while datagrams arrive as fast as they can be sent`, async () => {
        await flooded({}, async () => {
          if (known === 0) await sendEach(30);
          else for (let valid = 0; valid < VALID; valid++) await sendUntilNoted();
        });
      });

      it(`acts on ${VALID} of ${VALID} valid packets after it`, async () => {
        await sendEach();
      });

      it('writes no more to its log than it may', async () => {
        // Has the counts told that are not due yet.
        await bouncer.reload();
        const records = bouncer.records.slice(from);
        const rejects = records.filter(({ decision }) => decision === 'reject');
        expect(new Set(rejects.map((record) => record.reason))).to.deep.equal(new Set(reason && [reason]));
        const counts = rejects.filter(({ count }) => count !== undefined);
        const single = rejects.filter(({ count }) => count === undefined);
        expect(single.length).to.be.at.most(REJECTS_PER_MINUTE * counts.length);
        // A line for each acceptance, one for each action, those of the reload, and a few of what was lost.
        const others = records.filter(({ decision }) => decision !== 'reject');
        expect(others.length).to.be.at.most(2 * tries + 10);
        if (reason === undefined) return;
        const told = counts.reduce((sum, { count }) => sum + Number(count), single.length);
        expect(told).to.be.within(LEAST_JUNK / 10, junk);
      });

      it('keeps its memory bounded', () => {
        const { daemon, capture } = memoryNow();
        expect(daemon - memory.daemon, 'growth of the daemon').to.be.below(MOST_GROWTH);
        expect(capture - memory.capture, 'growth of the capture process').to.be.below(MOST_GROWTH);
      });

      /** Does something amidst a flood, which goes on until it is done and at least until it deserves its name. */
      async function flooded(pace: Pick<Flood, 'pace'>, work: () => Promise<void>): Promise<void> {
        const { network, installation } = scene;
        const head = Buffer.from(installation.packet('alice', 21, { argument: '0' }).subarray(0, known));
        const flood = { head: head.toString('hex'), address: network.server.ipv4, most: MOST_JUNK, ...pace };
        const sentBefore = scene.transmitted();
        const reach = (count: number): Promise<true> =>
          waitFor('the flood', () => scene.transmitted() - sentBefore > count || undefined, 60_000);
        const flooder = Flooder.start(network, network.client, flood);
        try {
          await reach(500);
          await work();
          await reach(LEAST_JUNK / 2);
        } finally {
          junk += await flooder.stop();
        }
      }

      /** Sends so many packets once each, milliseconds apart. */
      async function sendEach(apart = 0): Promise<void> {
        const ids: string[] = [];
        for (let left = VALID; left > 0; left--) {
          tries++;
          ids.push(await scene.send());
          await sleep(apart);
        }
        await scene.expectNoted(ids);
      }

      async function sendUntilNoted(): Promise<void> {
        const before = scene.noted().length;
        for (let left = TRIES; left > 0; left--) {
          tries++;
          await scene.send();
          await sleep(50);
          if (scene.noted().length > before) return;
        }
        await waitFor('the action of one of the packets', () => scene.noted().length > before || undefined);
      }
    });
  }

  function memoryNow(): { daemon: number; capture: number } {
    return { daemon: residentBytes(bouncer.pid), capture: residentBytes(bouncer.capturePid) };
  }
});

describe('The capture filter', function () {
  this.timeout(120_000 + ENDURANCE * 10_000);
  const cleanup = new Cleanup();
  let scene: Scene;

  beforeEach(function () {
    needsRoot(this);
    scene = new Scene(cleanup);
  });

  afterEach(() => cleanup.run());

  it('lets a packet pass that a clock a minute ahead has sealed', async () => {
    await scene.start();
    await scene.expectNoted([await scene.send(Date.now() + MINUTE)]);
  });

  it(`loses no packet and doubles none while the capture is replaced ${RELOADS} times by reloads`, async () => {
    const bouncer = await scene.start();
    const flow = scene.flow();
    for (let reload = 0; reload < RELOADS; reload++) {
      const { capturePid } = bouncer;
      scene.configure(reload % 2 === 0 ? scene.network.server.interface : 'any');
      await bouncer.reload();
      expect(bouncer.capturePid, 'the capture was replaced').not.to.equal(capturePid);
    }
    await flow.expectAllNotedOnce(200);
  });

  it('loses no packet that the former capture has not handed on yet when it is replaced', async () => {
    const bouncer = await scene.start();
    for (const device of [scene.network.server.interface, 'any']) {
      const { capturePid } = bouncer;
      process.kill(capturePid, 'SIGSTOP');
      const id = await scene.send();
      scene.configure(device);
      await bouncer.reload();
      process.kill(capturePid, 'SIGCONT');
      await scene.expectNoted([id]);
    }
  });

  it(`loses no packet and doubles none when the minutes in it run out and it is replaced, ${ROTATIONS} times`, async () => {
    const clock = new Clock(scene.installation);
    const bouncer = await scene.start(clock);
    for (let hour = 1; hour <= ROTATIONS; hour++) {
      const { capturePid } = bouncer;
      const from = bouncer.records.length;
      // Not ahead of all its gates, but so far that few are left.
      clock.setAhead(hour * 57 * MINUTE);
      const flow = scene.flow(clock);
      await bouncer.logged('listening with other minutes', isListening, from);
      expect(bouncer.capturePid, 'the capture was replaced').not.to.equal(capturePid);
      await flow.expectAllNotedOnce(20);
    }
  });

  it('is the right one at once after a sleep of hours, and when the clock was set back by some', async () => {
    const clock = new Clock(scene.installation);
    const bouncer = await scene.start(clock);
    // Set back only before anything is accepted: what is older than the floor is stale.
    for (const [hours, isHeard] of [
      [3, false],
      [1, true],
      [4, true],
    ] as const) {
      const from = bouncer.records.length;
      const asleep = [bouncer.pid, bouncer.capturePid];
      for (const pid of asleep) process.kill(pid, 'SIGSTOP');
      clock.setAhead(hours * 60 * MINUTE);
      for (const pid of asleep) process.kill(pid, 'SIGCONT');
      await bouncer.logged('listening with other minutes', isListening, from);
      if (isHeard) await scene.expectNoted([await scene.send(clock.now())]);
    }
  });

  it('follows a clock that steps a day ahead, and back again', async () => {
    const clock = new Clock(scene.installation);
    const bouncer = await scene.start(clock);
    for (const ahead of [DAY, 0]) {
      const from = bouncer.records.length;
      clock.setAhead(ahead);
      await bouncer.logged('listening with other minutes', isListening, from);
    }
    await scene.expectNoted([await scene.send(clock.now())]);
    const from = bouncer.records.length;
    clock.setAhead(DAY);
    await bouncer.logged('listening with other minutes', isListening, from);
    await scene.expectNoted([await scene.send(clock.now())]);
  });
});

/** A packet every few milliseconds, until it is stopped. */
class Flow {
  readonly #scene: Scene;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #sent: string[] = [];
  readonly #done: Promise<void>;
  #least = Infinity;

  constructor(scene: Scene, clock: Pick<Clock, 'now'> = Date) {
    this.#scene = scene;
    this.#clock = clock;
    this.#done = this.#send();
    this.#done.catch(() => undefined); // whoever stops it learns of it
  }

  /** Ends it when it has sent so many packets at least. */
  async stop(least = 0): Promise<void> {
    this.#least = least;
    await this.#done;
  }

  /** Ends it, and expects that each of its packets was acted on once. */
  async expectAllNotedOnce(least: number): Promise<void> {
    await this.stop(least);
    await this.#scene.expectNoted(this.#sent);
    const seen = new Set<string>();
    const twice = this.#scene.noted().filter((id) => seen.size === seen.add(id).size);
    expect(twice, 'acted on twice').to.deep.equal([]);
  }

  async #send(): Promise<void> {
    while (this.#sent.length < this.#least) {
      this.#sent.push(await this.#scene.send(this.#clock.now()));
      // More than the machine can run would be refused, and that is not what is looked for here.
      if (this.#sent.length % MOST_WAITING === 0)
        await this.#scene.expectNoted(this.#sent.slice(-MOST_WAITING));
      await sleep(5 + (this.#sent.length % 10));
    }
  }
}
