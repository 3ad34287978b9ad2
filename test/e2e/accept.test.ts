import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bouncer } from '../support/bouncer.js';
import { Installation, PORT } from '../support/installation.js';
import { Network } from '../support/network.js';
import { OPENER } from '../support/paths.js';
import { needsRoot } from '../support/root.js';
import { waitFor } from '../support/wait.js';
import { Wiretap } from '../support/wiretap.js';

describe('A packet that opener sends', () => {
  let network: Network;
  let installation: Installation;
  let bouncer: Bouncer;

  before(async function () {
    needsRoot(this);
    network = Network.make();
    network.dropPort(PORT);
    installation = Installation.make();
    installation.addClient('alice');
    const script = installation.writeScript(
      'note.sh',
      'env > "$(dirname "$0")/environment"; echo "$@" >> "$(dirname "$0")/noted"',
    );
    installation.writeConfig(`
[actions.note]
code = 21
run = ["${script}", "{client}", "{action}", "{address}", "{duration}", "{argument}"]
argument = "[a-z ;$]*"
for = "30s"
max = "10m"

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
bind = "any"
`);
    bouncer = await Bouncer.start(network, installation);
  });

  after(async () => {
    await bouncer.kill();
    network.remove();
    installation.remove();
  });

  for (const family of ['ipv4', 'ipv6'] as const) {
    it(`runs its action once over ${family}, through a firewall that drops the port`, async () => {
      const { server, client } = network;
      const profile = installation.writeProfile('alice', server[family], { note: 21 });
      const accepted = bouncer.accepted.length;
      const noted = installation.read('noted');

      network.run(client, [process.execPath, OPENER, '--profile', profile, '-f', 'note']);

      await waitFor('the action', () => (installation.read('noted') === noted ? undefined : true));
      await sleep(200);
      expect(installation.read('noted').slice(noted.length)).to.equal(`alice note ${client[family]} 30 \n`);
      expect(bouncer.accepted.length).to.equal(accepted + 1);
      expect(bouncer.accepted.at(-1)).to.include({
        client: 'alice',
        action: 'note',
        address: client[family],
        source: client[family],
        minute_offset: 0,
        duration: 30,
      });
    });
  }

  it('hands on the address, the duration up to the largest and the argument as one word', async () => {
    const { server, client } = network;
    const profile = installation.writeProfile('alice', server.ipv4, { note: 21 });
    const options = ['--allow', '198.51.100.7', '--for', '2h', '--arg', 'a; $b'];
    network.run(client, [process.execPath, OPENER, '--profile', profile, '-f', 'note', ...options]);

    await waitFor('the action', () => installation.read('noted').includes('198.51.100.7') || undefined);
    expect(installation.read('noted')).to.match(/^alice note 198\.51\.100\.7 600 a; \$b$/m);
  });

  it('gives the action only the environment that the documentation names', () => {
    const names = installation
      .read('environment')
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => name !== '' && name !== 'PWD' && name !== '_').sort()).to.deep.equal([
      'BOUNCER_ACTION',
      'BOUNCER_ADDRESS',
      'BOUNCER_ARGUMENT',
      'BOUNCER_CLIENT',
      'BOUNCER_CODE',
      'BOUNCER_DURATION',
      'BOUNCER_PORT',
      'BOUNCER_SERVER',
      'BOUNCER_SOURCE',
      'LC_ALL',
      'PATH',
    ]);
  });

  it('is answered by nothing at all', async () => {
    const { server, client } = network;
    const tap = await Wiretap.start(network, client);
    for (const host of [server.ipv4, server.ipv6]) {
      const profile = installation.writeProfile('alice', host, { note: 21 });
      const accepted = bouncer.accepted.length;
      network.run(client, [process.execPath, OPENER, '--profile', profile, '-f', 'note']);
      await waitFor('the acceptance', () => bouncer.accepted.length > accepted || undefined);
    }
    await sleep(300);
    const lines = await tap.stop();
    expect(
      lines.filter((line) => line.includes(`.${PORT}: UDP`)),
      'sent by the client',
    ).to.have.length(2);
    // Finding neighbours is the kernel's own business, with or without bouncer.
    const fromServer = lines.filter((line) => /IP6? (192\.0\.2\.1|2001:db8::1)[. ]/.test(line));
    expect(fromServer.filter((line) => !line.includes('neighbor'))).to.deep.equal([]);
  });

  it('leaves the server without an open port', () => {
    const open = network.run(network.server, ['ss', '-Hlntu']);
    expect(open).to.equal('');
  });
});
