import { once } from 'node:events';
import { expect } from 'chai';
import type { Bouncer } from '../support/bouncer.js';
import { PORT } from '../support/installation.js';
import { OPENER } from '../support/paths.js';
import { Stage } from '../support/stage.js';

/** Who is not allowed to send as somebody else. */
const NOBODY = 65_534;

describe('opener with a source of its own choice', () => {
  const stage = new Stage();
  let bouncer: Bouncer;

  before(async function () {
    stage.open(this);
    const { installation } = stage;
    installation.addClient('alice');
    installation.writeConfig(`
[actions.note]
code = 21
run = ["/bin/true"]

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`);
    bouncer = await stage.bouncer();
  });

  after(async () => {
    await stage.close();
  });

  function args(family: 'ipv4' | 'ipv6', ...more: string[]): string[] {
    const profile = stage.installation.writeProfile('alice', stage.network.server[family], { note: 21 });
    return [process.execPath, OPENER, '--profile', profile, 'note', ...more];
  }

  for (const [family, source] of [
    ['ipv4', '203.0.113.9'],
    ['ipv6', '2001:db8:9::9'],
  ] as const) {
    it(`sends from an address that is not this machine's, over ${family}, with checksums that are right`, async () => {
      const { network } = stage;
      const watch = network.start(
        network.server,
        [
          'tcpdump',
          '-i',
          network.server.interface,
          '-n',
          '-vv',
          '-c',
          '1',
          '-l',
          '--immediate-mode',
          `udp port ${PORT}`,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      stage.whenClosed(() => watch.kill());
      let seen = '';
      watch.stdout?.setEncoding('utf8').on('data', (text: string) => (seen += text));
      // Its first words are that it listens.
      if (watch.stderr !== null) await once(watch.stderr, 'data');
      const from = bouncer.records.length;
      network.run(network.client, args(family, '--source', source, '--source-port', '53', '--ttl', '7'));
      await once(watch, 'close');
      expect(seen).to.contain(family === 'ipv4' ? `${source}.53 > ` : `${source}.53 > `);
      expect(seen)
        .to.match(/\[udp sum ok\]/)
        .and.to.not.match(/bad/);
      expect(seen).to.match(family === 'ipv4' ? /ttl 7,/ : /hlim 7,/);
      expect(
        await bouncer.logged('its acceptance', ({ decision }) => decision === 'accept', from),
      ).to.include({ source, port: 53, address: source });
    });
  }

  it('sends whenever the garbage collector runs', async () => {
    const { network } = stage;
    const from = bouncer.records.length;
    const collects = `import { createRequire } from 'node:module';
      const raw = createRequire('${OPENER}')('raw-socket');
      const { createSocket } = raw;
      raw.createSocket = (options) => { process.nextTick(gc); return createSocket(options); };`;
    const [node = '', ...command] = args('ipv4', '--source', '203.0.113.9');
    const preload = `--import=data:text/javascript,${encodeURIComponent(collects)}`;
    network.run(network.client, [node, '--expose-gc', preload, ...command]);
    expect(await bouncer.logged('its acceptance', ({ decision }) => decision === 'accept', from)).to.include({
      source: '203.0.113.9',
    });
  });

  it('chooses the port and the hops of an address that is its own without a raw socket', async () => {
    const { network } = stage;
    const from = bouncer.records.length;
    network.run(network.client, args('ipv4', '--source-port', '40000', '--ttl', '9'));
    expect(await bouncer.logged('its acceptance', ({ decision }) => decision === 'accept', from)).to.include({
      source: network.client.ipv4,
      port: 40_000,
    });
  });

  it('without the privilege says in one sentence what is missing', () => {
    const { network, installation } = stage;
    // The profile is given over, so that only the socket is missing.
    network.run(network.client, ['chown', '-R', String(NOBODY), installation.folder]);
    try {
      const command = [
        'setpriv',
        `--reuid=${NOBODY}`,
        '--clear-groups',
        ...args('ipv4', '--source', '203.0.113.9'),
      ];
      expect(() => network.run(network.client, command)).to.throw(
        /opener: could not send to 192\.0\.2\.1 from 203\.0\.113\.9: operation not permitted\nopener: hint: a raw socket needs root, or the capability net_raw\n$/,
      );
    } finally {
      network.run(network.client, ['chown', '-R', '0', installation.folder]);
    }
  });

  it('of the other family is refused', () => {
    expect(() => stage.network.run(stage.network.client, args('ipv4', '--source', '2001:db8::9'))).to.throw(
      /could not send to 192\.0\.2\.1 from 2001:db8::9: one is IPv4, the other IPv6/,
    );
  });
});
