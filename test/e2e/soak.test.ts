import { setTimeout as sleep } from 'node:timers/promises';
import { actionCode } from '@bouncer-spa/protocol';
import type { GrantList } from '@bouncer-spa/bouncer/dist/core/control.js';
import type { Status } from '@bouncer-spa/bouncer/dist/core/status.js';
import { expect } from 'chai';
import { isListening, type Bouncer } from '../support/bouncer.js';
import { bouncerCommand } from '../support/command.js';
import { Flooder } from '../support/flooder.js';
import { linked } from '../support/link.js';
import { residentBytes } from '../support/processes.js';
import { Random } from '../support/random.js';
import type { Sender } from '../support/sender.js';
import { Stage } from '../support/stage.js';
import { waitFor, waitUntil } from '../support/wait.js';

/** How long it goes on: two minutes in all tests, an hour in `npm run soak`. */
const SECONDS = Number(process.env['SOAK'] ?? 120);

/** Milliseconds after which the daemon is not killed any more, so that its memory can be watched. */
const KILLS_END = SECONDS * 250;

/** What a heap grows to before it is collected; what leaks is more than that in an hour. */
const MOST_GROWTH = 40 * 1024 * 1024;

/**
 * The kernel's ring holds 128 datagrams. A capture process that a busy machine lets wait for a second shall not
 * lose any; what a flood does is shown by flood.test.ts.
 */
const JUNK = { datagrams: 1, milliseconds: 10 };

/** Seconds that a door or a lease is for. */
const SPAN = 2;

const CLIENTS = ['alice', 'bob', 'carol'] as const;
const CODE = { door: 21, lease: 22, note: 23 } as const;
type Kind = keyof typeof CODE;

/** What was sent within so many milliseconds is within the window still, whatever `delta` is. */
const FRESH = 60_000;

/** What the kernel tells of the daemon, in the order of time. */
interface Sample {
  readonly at: number;
  readonly bytes: number;
}

describe('Through everything that may happen, again and again,', () => {
  const stage = new Stage();
  const random = new Random();
  /** Of the packets that the daemon of now is to have accepted. */
  let expected: number;
  let sentIds: { readonly kind: Kind; readonly id: string }[];
  let replayed: number;
  /** With when they were sent. */
  let packets: { readonly packet: Uint8Array; readonly at: number }[];
  let bouncer: Bouncer;
  let sender: Sender;
  let first: number;
  let config: number;

  before(function () {
    stage.open(this);
    [sentIds, packets] = [[], []];
    [first, config, expected, replayed] = [0, 0, 0, 0];
    for (const name of CLIENTS) stage.installation.addClient(name);
    stage.installation.writeScript('note.sh', 'echo "$1 $2" >> "$(dirname "$0")/noted"');
    configure();
    stage.network.dropPort(51_324);
  });

  after(() => {
    // With it in `SEED`, the same steps are taken again.
    console.log(`      seed ${random.seed}`);
    return stage.close();
  });

  /** Writes the config, a little different each time, so that the capture changes too. */
  function configure(): void {
    const { installation } = stage;
    const note = installation.path('note.sh');
    const clients = CLIENTS.map(
      (name) =>
        `[clients.${name}]\nseed_file = "${name}.seed"\nactions = ["door", "lease", "note"]\ngrants = 4096\n`,
    );
    installation.writeConfig(
      `
[guard]
ports = ["tcp/2222"]
[limits]
running = 1024
[actions.door]
code = ${CODE.door}
allow = ["tcp/2222"]
for = "${SPAN}s"
[actions.lease]
code = ${CODE.lease}
argument = "[0-9]+"
run = ["${note}", "run", "{argument}"]
stop = ["${note}", "stop", "{argument}"]
for = "${SPAN}s"
[actions.note]
code = ${CODE.note}
argument = "[0-9]+"
run = ["${note}", "note", "{argument}"]
${clients.join('')}`,
      { delta: 2 + (config++ % 2) },
    );
  }

  /** What the daemon answers at its control socket. */
  async function told(command: 'status' | 'grants'): Promise<unknown> {
    const { stdout } = await bouncerCommand([command, '--json', '-c', stage.installation.config]);
    return JSON.parse(stdout);
  }

  async function status(): Promise<Pick<Status, 'accepted' | 'rejected'>> {
    return (await told('status')) as Status;
  }

  /** Waits until all that was sent is decided, then compares with what the daemon counts. */
  async function settle(): Promise<void> {
    await waitFor(
      'what was sent to be accepted',
      () => bouncer.accepted.length - first >= expected || undefined,
    );
    const { accepted, rejected } = await status();
    expect(accepted, 'accepted').to.equal(expected);
    expect(rejected.replay ?? 0, 'replays').to.equal(replayed);
  }

  async function send(): Promise<void> {
    const { installation, network } = stage;
    const kind = random.pick(Object.keys(CODE) as Kind[]) ?? 'note';
    const id = String(sentIds.length);
    const argument = kind === 'door' ? '' : id;
    const fields = { argument, actionCode: actionCode(CODE[kind]) };
    const packet = installation.packet(random.pick(CLIENTS) ?? 'alice', CODE[kind], fields);
    sentIds.push({ kind, id });
    packets.push({ packet, at: performance.now() });
    expected++;
    await sender.send(packet, random.below(2) === 0 ? network.server.ipv4 : network.server.ipv6);
  }

  /** Sends a packet that was accepted once more, from where it cannot be a duplicate of the network's. */
  async function replay(): Promise<void> {
    packets = packets.filter(({ at }) => performance.now() - at < FRESH);
    const chosen = random.pick(packets);
    if (chosen === undefined) return;
    await settle();
    replayed++;
    // The same source within two seconds would be no replay.
    await sleep(2_100);
    await sender.send(chosen.packet, stage.network.server.ipv4);
    await waitUntil('the replay', async () => (await status()).rejected.replay === replayed);
  }

  async function reload(): Promise<void> {
    configure();
    await bouncer.reload();
  }

  async function listeningAgain(from: number): Promise<void> {
    await bouncer.logged('listening again', isListening, from);
  }

  async function killCapture(): Promise<void> {
    await settle();
    const from = bouncer.records.length;
    process.kill(bouncer.capturePid, 'SIGKILL');
    await listeningAgain(from);
  }

  async function flap(): Promise<void> {
    await settle();
    stage.network.setLink('down');
    await sleep(random.below(300));
    stage.network.setLink('up');
    await linked(stage.network, sender);
  }

  async function kill(): Promise<void> {
    await settle();
    await bouncer.kill();
    await start();
  }

  async function start(): Promise<void> {
    bouncer = await stage.bouncer();
    [first, expected, replayed] = [0, 0, 0];
  }

  it(`for ${SECONDS} s, nothing is lost, doubled or left open, and memory does not grow`, async function () {
    this.timeout(SECONDS * 1_000 + 120_000);
    const { network, installation } = stage;
    sender = stage.sender();
    await start();
    const junk = Flooder.start(network, network.client, {
      head: Buffer.from(installation.packet('alice', 21).subarray(0, 4)).toString('hex'),
      address: network.server.ipv4,
      most: SECONDS * 1_000,
      pace: JUNK,
    });
    const steps = [
      ...Array.from({ length: 60 }, () => send),
      ...Array.from({ length: 4 }, () => reload),
      ...[replay, killCapture, flap],
    ];
    const began = performance.now();
    const samples: Sample[] = [];
    let kills = 0;
    for (let at = 0; at < SECONDS * 1_000; at = performance.now() - began) {
      if (at < KILLS_END && kills < 5 && random.below(60) === 0) {
        kills++;
        await kill();
      }
      await (random.pick(steps) ?? send)();
      await sleep(random.below(60));
      samples.push({ at, bytes: residentBytes(bouncer.pid) });
    }
    await settle();
    await junk.stop();

    await waitUntil(
      'the grants to end',
      async () => ((await told('grants')) as GrantList).grants.length === 0,
    );
    expect(network.run(network.server, ['nft', '-j', 'list', 'table', 'inet', 'bouncer'])).to.not.include(
      network.client.ipv4,
    );
    expect(installation.read('noted').split('\n').sort()).to.deep.equal(
      ['', ...sentIds.flatMap(({ kind, id }) => LINES[kind].map((word) => `${word} ${id}`))].sort(),
    );
    const [early, late] = [0.25, 0.75].map((part) => medianBytes(samples, part));
    expect((late ?? 0) - (early ?? 0), 'growth in bytes').to.be.below(MOST_GROWTH);
    console.log(
      `      ${sentIds.length} packets, ${kills} kills, ${config} configs; ${mebibytes(early)} MiB, then ${mebibytes(late)}`,
    );
  });
});

/** What each kind of action leaves in the file. */
const LINES: Readonly<Record<Kind, readonly string[]>> = { door: [], lease: ['run', 'stop'], note: ['note'] };

/** The median of a quarter of the time. */
function medianBytes(samples: readonly Sample[], from: number): number {
  const begin = from * SECONDS * 1_000;
  const end = begin + SECONDS * 250;
  const bytes = samples.filter(({ at }) => at >= begin && at < end).map((sample) => sample.bytes);
  return bytes.sort((a, b) => a - b)[Math.floor(bytes.length / 2)] ?? 0;
}

function mebibytes(bytes = 0): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
