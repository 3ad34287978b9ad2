import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Bouncer } from '../support/bouncer.js';
import { bouncerCommand } from '../support/command.js';
import { PORT } from '../support/installation.js';
import { BOUNCER } from '../support/paths.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const MINUTE = 60_000;

/** Milliseconds that a few commands may take. */
const PATIENCE = 10_000;

/** Link type of frames that begin with IP. */
const RAW = 101;

/** A pcapng of one interface, with options, and one frame that is none. @param units its time */
function pcapngOf([linkType, options = Buffer.alloc(0)]: readonly [number, Buffer?], units: number): Buffer {
  const words = (...values: readonly number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
  const block = (type: number, ...body: readonly Buffer[]): Buffer => {
    const length = 12 + Buffer.concat(body).length;
    return Buffer.concat([words(type, length), ...body, words(length)]);
  };
  return Buffer.concat([
    block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffff_ffff, 0xffff_ffff)),
    block(1, words(linkType, 0xffff), options),
    block(6, words(0, Math.floor(units / 2 ** 32), units % 2 ** 32, 0, 0)),
  ]);
}

/** How many frames are whole in a pcap (draft-ietf-opsawg-pcap sections 4 and 5). */
function framesIn(pcap: Buffer): number {
  let frames = 0;
  for (let at = 24; at + 16 <= pcap.length;) {
    at += 16 + pcap.readUInt32LE(at + 8);
    if (at <= pcap.length) frames++;
  }
  return frames;
}

interface Finding {
  readonly finding?: string;
  readonly client?: string;
  readonly source?: string;
  readonly text?: string;
}

describe('Why a packet was refused', () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;
  let replayed: Uint8Array;

  before(async function () {
    stage.open(this);
    const { installation } = stage;
    for (const name of ['alice', 'bob', 'stranger']) installation.addClient(name);
    installation.writeConfig(`
[actions.ok]
code = 21
run = ["/bin/true"]
[clients.alice]
seed_file = "alice.seed"
actions = ["ok"]
[clients.bob]
seed_file = "bob.seed"
actions = ["ok"]
from = ["198.51.100.0/24"]
`);
    bouncer = await stage.bouncer();
    sender = stage.sender();
    replayed = installation.packet('alice', 21);
    expect(await decisionOn(stage, bouncer, sender, replayed)).to.include({ decision: 'accept' });
  });

  after(() => stage.close());

  /** What comes to the port, and what it is. */
  function samples(): readonly (readonly [Uint8Array, string])[] {
    const { installation } = stage;
    return [
      [Buffer.from('hello'), 'length'],
      [Buffer.alloc(124, 7), 'gate'],
      [installation.packet('alice', 21, { time: Date.now() - 7 * MINUTE }), 'clock'],
      [installation.packet('stranger', 21), 'locator'],
      [installation.packet('bob', 21), 'network'],
      [replayed, 'replay'],
      [installation.packet('alice', 21), 'accept'],
    ];
  }

  function start(argv: readonly string[]): ChildProcess {
    const { network } = stage;
    const child = network.start(network.server, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    stage.whenClosed(() => child.kill('SIGKILL'));
    return child;
  }

  /** Waits for a line on standard error. */
  async function said(child: ChildProcess, text: string): Promise<void> {
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => (complaint += piece));
    await waitFor(`"${text}"`, () => complaint.includes(text) || undefined);
  }

  it('is said by "bouncer diagnose" of each datagram, beside the daemon, which goes on as ever', async () => {
    const { network, installation } = stage;
    const accepted = bouncer.accepted.length;
    const child = start([process.execPath, BOUNCER, 'diagnose', '--json', '-c', installation.config]);
    const lines: string[] = [];
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    await said(child, 'listening for 1m');
    for (const [packet] of samples()) await sender.send(packet, network.server.ipv4);
    await sender.send(installation.packet('alice', 21), network.server.ipv6);
    await waitFor('a line for each', () => lines.length >= 8 || undefined);
    child.kill('SIGINT');
    expect(await once(child, 'close')).to.deep.equal([0, null]);
    const findings = lines.map((line) => JSON.parse(line) as Finding);
    expect(findings.slice(0, 8).map(({ finding }) => finding)).to.deep.equal([
      ...samples().map(([, finding]) => finding),
      'accept',
    ]);
    expect(findings[2]?.text).to.match(/^sealed by alice \(ok\) 7 minutes ago: the clock there is slow/);
    expect(findings[0]?.source).to.equal(network.client.ipv4);
    expect(findings[7]?.source).to.equal(network.client.ipv6);
    expect(findings[8]).to.deep.include({ datagrams: 8 });
    await waitFor('what the daemon accepts', () => bouncer.accepted.length === accepted + 2 || undefined);
  });

  it('is said by "bouncer explain" of what tcpdump wrote, by the time of capture or another', async () => {
    const { network, installation } = stage;
    const file = installation.path('knocks.pcap');
    const port = ['udp', 'port', String(PORT)];
    const argv = ['tcpdump', '-i', 'any', '-Z', 'root', '-U', '--immediate-mode', '-w', file, ...port];
    const tcpdump = start(argv);
    await said(tcpdump, 'listening on');
    // All that follows speaks of one and the same minute.
    const left = MINUTE - (Date.now() % MINUTE);
    if (left < PATIENCE) await sleep(left);
    for (const [packet] of samples()) await sender.send(packet, network.server.ipv4);
    await sender.send(replayed, network.server.ipv6);
    await waitFor('the file', () => framesIn(readFileSync(file)) === 8 || undefined);
    tcpdump.kill('SIGINT');
    await once(tcpdump, 'close');

    const { status, stdout, stderr } = await bouncerCommand(['explain', '-c', installation.config, file]);
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
    // Nothing was accepted before the file, so the packet is a replay only when it comes once more.
    const words = ['length 1', 'gate 1', 'clock 1', 'locator 1', 'network 1', 'accept 2', 'replay 1'];
    expect(stdout).to.include(`8 datagrams at the port: ${words.join(', ')}\n`);
    expect(stdout).to.match(/^\S+Z {2}192\.0\.2\.\d+ port \d+ {2}no packet: it has 5 bytes/m);

    const earlier = new Date(Date.now() - 7 * MINUTE).toISOString();
    const then = await bouncerCommand(['explain', '--at', earlier, '-c', installation.config, file]);
    expect(then.stdout)
      .to.match(/accepted: alice \(ok\) for/)
      .and.match(/sealed by bob \(ok\) 7 minutes ahead/);
    expect(then.stdout).to.match(/: length 1, gate 1, accept 1, minute 1, clock 4\n$/);
  });

  it('cannot be said of a file that is none, that is damaged or not there, and each has its sentence', async () => {
    const { installation } = stage;
    const explain = (file: string) => bouncerCommand(['explain', '-c', installation.config, file]);
    writeFileSync(installation.path('text'), 'no frames in here');
    const text = await explain(installation.path('text'));
    expect(text.status).to.equal(1);
    expect(text.stderr).to.equal(
      `bouncer: ${installation.path('text')}: it is no capture file (pcap or pcapng)\n`,
    );
    const missing = await explain('/nowhere/knocks.pcap');
    expect(missing.stderr).to.equal('bouncer: /nowhere/knocks.pcap: no such file or directory\n');
    const folder = await explain(installation.folder);
    expect(folder.stderr).to.match(/EISDIR/);
    // Seconds since 1970, more than a Date has.
    const far = pcapngOf([RAW, Buffer.of(9, 0, 1, 0, 0, 0, 0, 0)], 9_000_000_000_000);
    writeFileSync(installation.path('far'), far);
    expect((await explain(installation.path('far'))).stderr).to.equal(
      `bouncer: ${installation.path('far')}: a frame has a time that cannot be right\n`,
    );
    const when = await bouncerCommand(['explain', '--at', 'noon', 'x.pcap']);
    expect(when.status).to.equal(2);
    expect(when.stderr).to.match(
      /^bouncer: --at: expected a time such as 2026-11-25T12:00:00Z, got "noon"\n/,
    );
  });

  it('is said of a file with more kinds of links than anybody wants to read of', async () => {
    const { installation } = stage;
    const kinds = Array.from({ length: 200 }, (_, index) => [300 + index] as const);
    writeFileSync(installation.path('kinds'), Buffer.concat(kinds.map((kind) => pcapngOf(kind, 0))));
    const file = installation.path('kinds');
    const { status, stdout, stderr } = await bouncerCommand(['explain', '-c', installation.config, file]);
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
    expect(stdout).to.match(/^passed over: link-type-300 1, .*, other \d+$/m);
    const counts = Array.from(stdout.matchAll(/ (\d+)[,\n]/g), ([, count]) => Number(count));
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(200);
  });

  it('is said without a daemon too, with a word about what is not known then', async () => {
    const { installation } = stage;
    await bouncer.kill();
    const child = start([process.execPath, BOUNCER, 'diagnose', '--for', '1s', '-c', installation.config]);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => (output += piece));
    await said(child, 'no bouncer is running');
    expect(await once(child, 'close')).to.deep.equal([0, null]);
    expect(output).to.match(/^\d+ datagrams at the port/);
  });
});
