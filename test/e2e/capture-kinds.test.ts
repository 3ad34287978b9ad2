import { expect } from 'chai';
import { type Bouncer, isListening, type LogRecord } from '../support/bouncer.js';
import { isRunning, mappedFilesOf } from '../support/processes.js';
import type { Sender } from '../support/sender.js';
import { Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';
import { PORT } from '../support/installation.js';

const ACTION = `
[actions.ok]
code = 21
run = ["/bin/true"]

[clients.alice]
seed_file = "alice.seed"
actions = ["ok"]
`;

const isAccept = ({ decision }: LogRecord): boolean => decision === 'accept';

/** What every test here plays on: the stage, a client, a way to send a packet. */
class Scene {
  readonly stage = new Stage();
  #sender: Sender | undefined;

  open(context: Mocha.Context): void {
    this.stage.open(context);
    this.stage.installation.addClient('alice');
    this.#sender = this.stage.sender();
  }

  async close(): Promise<void> {
    await this.stage.close();
  }

  on(host: 'server' | 'client', ...argv: string[]): string {
    return this.stage.network.run(this.stage.network[host], argv);
  }

  /** Joins the hosts by a second pair of interfaces; the prefix is of 64 bits, the server is 1 in it. */
  join(serverSide: string, clientSide: string, prefix: string): void {
    const { client } = this.stage.network;
    this.on('server', 'ip', 'link', 'add', serverSide, 'type', 'veth', 'peer', 'name', clientSide);
    this.on('server', 'ip', 'link', 'set', clientSide, 'netns', client.namespace);
    this.address('server', serverSide, `${prefix}::1`);
    this.address('client', clientSide, `${prefix}::2`);
  }

  address(host: 'server' | 'client', device: string, address: string): void {
    this.on(host, 'ip', 'addr', 'add', `${address}/64`, 'dev', device, 'nodad');
    this.on(host, 'ip', 'link', 'set', device, 'up');
  }

  /** Sends packets until one is accepted: the first may come before its link is up. */
  async expectAccepted(bouncer: Bouncer, address: string): Promise<void> {
    const from = bouncer.records.length;
    let sent = -Infinity;
    await waitFor(
      `a packet to ${address} accepted`,
      () => {
        if (performance.now() - sent > 500) {
          sent = performance.now();
          void this.send(address).catch(() => undefined); // no route yet
        }
        return bouncer.records.slice(from).find(isAccept);
      },
      20_000,
    );
  }

  async send(address: string, packet = this.stage.installation.packet('alice', 21)): Promise<void> {
    await this.#sender?.send(packet, address);
  }
}

describe('A daemon that captures on several interfaces', function () {
  this.timeout(60_000);
  const scene = new Scene();
  let bouncer: Bouncer;
  let first: string;

  before(async function () {
    scene.open(this);
    first = scene.stage.network.server.interface;
    scene.stage.installation.writeConfig(ACTION, { interface: [first, 'late-s'] });
    bouncer = await scene.stage.bouncer();
  });

  after(() => scene.close());

  const listeningOn = (name: string) => (record: LogRecord) =>
    isListening(record) && record['interface'] === name;

  it('listens on one while the other is not there yet, and says so', async () => {
    await bouncer.logged(
      'which one is missing',
      ({ msg, reason }) => msg.startsWith('not listening') && (reason ?? '').includes('late-s'),
    );
    await scene.expectAccepted(bouncer, scene.stage.network.server.ipv4);
  });

  it('listens on the other as soon as it appears', async () => {
    scene.join('late-s', 'late-c', '2001:db8:5');
    await bouncer.logged('listening on it', listeningOn('late-s'));
    await scene.expectAccepted(bouncer, '2001:db8:5::1');
    await scene.expectAccepted(bouncer, scene.stage.network.server.ipv6);
  });

  it('keeps the one capture and ends the other when a reload leaves one interface', async () => {
    const pidOf = (name: string) => Number(bouncer.records.findLast(listeningOn(name))?.['capture_pid']);
    const [kept, left] = [pidOf(first), pidOf('late-s')];
    scene.stage.installation.writeConfig(ACTION, { interface: first });
    await bouncer.reload();
    await waitFor('the end of the other capture', () => (isRunning(left) ? undefined : true));
    expect(isRunning(kept), 'the one capture runs').to.equal(true);
    await scene.expectAccepted(bouncer, scene.stage.network.server.ipv4);
  });

  it('takes the other up again, and refuses a reload that names one which is not there', async () => {
    scene.stage.installation.writeConfig(ACTION, { interface: ['late-s', first] });
    await bouncer.reload();
    await scene.expectAccepted(bouncer, '2001:db8:5::1');
    scene.stage.installation.writeConfig(ACTION, { interface: ['late-s', 'no-such'] });
    await bouncer.signal(
      'SIGHUP',
      'why not',
      ({ msg }) => msg.startsWith('config not reloaded') && msg.includes('no-such'),
    );
    await scene.expectAccepted(bouncer, scene.stage.network.server.ipv4);
  });
});

describe('A daemon on a monitor port', function () {
  this.timeout(60_000);
  const scene = new Scene();
  let bouncer: Bouncer;
  const watched = ['192.0.2.77', '2001:db8::77'];
  const OTHER = '192.0.2.78';

  before(async function () {
    scene.open(this);
    const { server, client } = scene.stage.network;
    scene.on('server', 'ip', 'addr', 'flush', 'dev', server.interface);
    for (const address of [...watched, OTHER]) {
      scene.on(
        'client',
        'ip',
        'neigh',
        'replace',
        address,
        'lladdr',
        '02:00:00:00:00:77',
        'dev',
        client.interface,
      );
    }
    scene.stage.installation.writeConfig(ACTION, {
      interface: server.interface,
      capture: 'destination = ["192.0.2.77", "2001:db8::/64"]',
    });
    bouncer = await scene.stage.bouncer(['-v']);
  });

  after(() => scene.close());

  for (const address of watched) {
    it(`accepts what is meant for ${address}, a host that it is not`, async () => {
      await scene.expectAccepted(bouncer, address);
    });
  }

  it('leaves alone what is meant for others', async () => {
    const packet = scene.stage.installation.packet('alice', 21);
    const from = bouncer.records.length;
    await scene.send(OTHER, packet);
    await bouncer.logged(
      'a frame refused',
      ({ refused }) => refused !== undefined && 'not-for-this-host' in (refused as object),
      from,
    );
    expect(bouncer.records.slice(from).filter(({ decision }) => decision !== undefined)).to.deep.equal([]);
    await scene.send(watched[0] ?? '', packet);
    await bouncer.logged('the same packet accepted', isAccept, from);
  });
});

describe('A daemon that captures by a raw socket', function () {
  this.timeout(60_000);

  for (const device of ['any', 'named'] as const) {
    describe(`on ${device === 'any' ? 'any' : 'one'} interface`, () => {
      const scene = new Scene();
      let bouncer: Bouncer;

      before(async function () {
        scene.open(this);
        const { server } = scene.stage.network;
        scene.stage.installation.writeConfig(ACTION, {
          interface: device === 'any' ? 'any' : server.interface,
          capture: 'backend = "raw-socket"',
        });
        bouncer = await scene.stage.bouncer(['-v']);
      });

      after(() => scene.close());

      it('accepts a packet over IPv4, without libpcap in its memory', async () => {
        await scene.expectAccepted(bouncer, scene.stage.network.server.ipv4);
        const modules = mappedFilesOf(bouncer.capturePid).filter((file) =>
          /pcap|cap\.node|raw\.node/.test(file),
        );
        expect(modules.map((file) => file.split('/').at(-1))).to.deep.equal(['raw.node']);
      });

      it('drops in its capture process what has another port or gate', async () => {
        const from = bouncer.records.length;
        const { installation } = scene.stage;
        const foreign = Buffer.from(installation.packet('alice', 21));
        foreign[0] = (foreign[0] ?? 0) ^ 1;
        await scene.send(scene.stage.network.server.ipv4, foreign);
        await bouncer.logged(
          'what it refused',
          ({ refused }) => refused !== undefined && 'filtered' in (refused as object),
          from,
        );
        expect(bouncer.records.slice(from).filter(({ decision }) => decision !== undefined)).to.deep.equal(
          [],
        );
      });

      it('hears nothing on a port that the firewall drops, as README says', async () => {
        const { network, installation } = scene.stage;
        network.dropPort(PORT);
        const from = bouncer.records.length;
        await scene.send(network.server.ipv4, installation.packet('alice', 21));
        network.run(network.server, ['nft', 'delete', 'table', 'inet', 'closed']);
        await scene.expectAccepted(bouncer, network.server.ipv4);
        expect(bouncer.records.slice(from).filter(isAccept)).to.have.length(1);
      });
    });
  }
});

describe('A packet in a VLAN tag', function () {
  this.timeout(60_000);
  const scene = new Scene();

  before(function () {
    scene.open(this);
  });

  after(() => scene.close());

  const TAGGED = Buffer.from('81000064', 'hex');
  const SERVICE_TAGGED = Buffer.from('88a80064', 'hex');

  for (const device of ['named', 'any'] as const) {
    for (const [tag, name] of [
      [TAGGED, 'tag'],
      [SERVICE_TAGGED, 'service tag'],
    ] as const) {
      it(`is heard with a capture on ${device === 'any' ? 'any' : 'the tagged'} interface: ${name}`, async () => {
        const { installation, network } = scene.stage;
        installation.writeConfig(ACTION, { interface: device === 'any' ? 'any' : network.server.interface });
        const bouncer = await scene.stage.bouncer();
        sendTagged(tag, installation.packet('alice', 21));
        await bouncer.logged('the packet accepted', isAccept);
        expect(await bouncer.stop()).to.equal(0);
      });
    }
  }

  /** Sends a packet from the client to the server's IPv4 address in a frame of our own making. */
  function sendTagged(tags: Buffer, packet: Uint8Array): void {
    const { client, server } = scene.stage.network;
    const macOf = (host: 'client' | 'server'): Buffer =>
      Buffer.from(
        scene
          .on(host, 'cat', `/sys/class/net/${scene.stage.network[host].interface}/address`)
          .replaceAll(/[:\s]/g, ''),
        'hex',
      );
    const ip = Buffer.from('4500000000000000401100000000000000000000', 'hex');
    ip.writeUInt16BE(28 + packet.length, 2);
    ip.set(client.ipv4.split('.').map(Number), 12);
    ip.set(server.ipv4.split('.').map(Number), 16);
    const udp = Buffer.alloc(8);
    [40_000, PORT, 8 + packet.length].forEach((value, index) => udp.writeUInt16BE(value, 2 * index));
    const ETHER_TYPE = Buffer.from('0800', 'hex');
    const frame = Buffer.concat([macOf('server'), macOf('client'), tags, ETHER_TYPE, ip, udp, packet]);
    const send =
      'import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); ' +
      's.bind((sys.argv[1], 0)); s.send(bytes.fromhex(sys.argv[2]))';
    scene.on('client', 'python3', '-c', send, client.interface, frame.toString('hex'));
  }
});
