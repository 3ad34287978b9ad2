import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { expect } from 'chai';
import { Bouncer } from '../support/bouncer.js';
import { Installation, PORT } from '../support/installation.js';
import { Network } from '../support/network.js';
import { OPENER, repositoryPath } from '../support/paths.js';
import { needsRoot } from '../support/root.js';
import { waitFor } from '../support/wait.js';

/** Seconds that the door is open for; short, since the test waits for its end. */
const OPEN_SECONDS = 3;

describe('The recipe of door.nft and open-ssh', () => {
  let network: Network;
  let installation: Installation;
  let bouncer: Bouncer;
  let service: ChildProcess;

  before(async function () {
    needsRoot(this);
    network = Network.make();
    network.dropPort(PORT);
    network.run(network.server, ['nft', '-f', repositoryPath('configs/door.nft')]);
    service = network.start(network.server, [process.execPath, '-e', ECHO_ON_PORT_22], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (service.stdout !== null) await once(service.stdout, 'data');
    installation = Installation.make();
    installation.addClient('alice');
    installation.writeConfig(`
[actions.ssh]
code = 21
run = ["${repositoryPath('configs/open-ssh')}", "{address}", "{duration}"]
for = "${OPEN_SECONDS}s"

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh"]
`);
    bouncer = await Bouncer.start(network, installation);
  });

  after(async () => {
    await bouncer.kill();
    network.remove();
    installation.remove();
  });

  for (const family of ['ipv4', 'ipv6'] as const) {
    it(`opens tcp/22 for the sender, over ${family}, and the kernel shuts it again`, async () => {
      const { server, client } = network;
      expect(connects(server[family]), 'before').to.equal('closed');

      const profile = installation.writeProfile('alice', server[family], { ssh: 21 });
      const from = bouncer.records.length;
      network.run(client, [process.execPath, OPENER, '--profile', profile, '-f', 'ssh']);
      await bouncer.logged('the end of the action', ({ status }) => status !== undefined, from);
      expect(bouncer.records.at(-1)).to.include({ status: 0, output: '' });
      expect(connects(server[family]), 'after the packet').to.equal('open');

      // Killed right away, bouncer has no part in what follows.
      await bouncer.kill();
      await waitFor(
        'the door to shut',
        () => (connects(server[family]) === 'closed' ? true : undefined),
        15_000,
      );
      bouncer = await Bouncer.start(network, installation);
    }).timeout(60_000);
  }

  /** Tries a connection from the client. */
  function connects(address: string): string {
    return network.run(network.client, [process.execPath, '-e', TRY_PORT_22, address]);
  }
});

const ECHO_ON_PORT_22 = `require('net').createServer((socket) => socket.pipe(socket)).listen(22, '::', () => console.log('ready'));`;
const TRY_PORT_22 = `
  const socket = require('net').connect(22, process.argv[1]);
  const say = (word) => { process.stdout.write(word); process.exit(); };
  socket.on('connect', () => say('open')).on('error', () => say('closed'));
  setTimeout(() => say('closed'), 700);`;
