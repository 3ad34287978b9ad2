import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { openDoor } from '@bouncer-spa/opener/dist/system/door-opening.js';
import { Refusal } from '@bouncer-spa/opener/dist/core/refusal.js';
import { expect } from 'chai';
import { ClientFolder, profileText } from './support/client-folder.js';
import { opener, OPENER } from './support/opener-process.js';
import { Receiver } from './support/receiver.js';
import { refused } from './support/refused.js';
import { open } from './support/verifier.js';

/** A TCP port that nothing listens at, for as long as nobody asks for one. */
async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return address.port;
}

describe('waiting', function () {
  this.timeout(40_000);
  let client: ClientFolder;
  let receiver: Receiver;
  let door: Server;
  let doorPort: number;

  beforeEach(async () => {
    client = new ClientFolder();
    receiver = await Receiver.listen('127.0.0.1');
    door = createServer((socket) => socket.destroy());
    doorPort = await freePort('127.0.0.1');
  });
  afterEach(() => {
    client.remove();
    receiver.close();
    door.close();
  });

  /** Has the door opened when so many packets have come. */
  function openAfter(packets: number): void {
    receiver.onDatagram(() => {
      if (receiver.datagrams.length === packets) door.listen(doorPort, '127.0.0.1');
    });
  }

  function writeProfile(opens: string, more = ''): void {
    const text = profileText('127.0.0.1', receiver.port).replace('ssh = 21', '');
    client.write('home.toml', `${more}${text}[actions.ssh]\ncode = 21\nopens = [${opens}]\n`);
  }

  it('ends when what the profile says is open, without a word', async () => {
    openAfter(1);
    writeProfile(`"udp/1", "tcp/${doorPort}"`);
    expect(await opener(['home'], client)).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
    expect(door.listening).to.equal(true);
    expect(await receiver.all()).to.have.length(1);
  });

  it('is for what --wait says, and -v tells how long it took', async () => {
    openAfter(1);
    client.write('home.toml', profileText('127.0.0.1', receiver.port));
    const { exitCode, stderr } = await opener(['home', '-v', '--wait', `tcp/${doorPort}`], client);
    expect(exitCode).to.equal(0);
    expect(stderr).to.match(
      new RegExp(`\nopener: tcp/${doorPort} at 127.0.0.1 is open after \\d+\\.\\d s\n$`),
    );
  });

  it('sends a fresh packet after a while, in case the first was lost', async () => {
    openAfter(2);
    writeProfile(`"tcp/${doorPort}"`);
    expect(await opener(['home'], client)).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
    const [first, second, ...others] = await receiver.all();
    expect(others).to.have.length(0);
    expect(open(first ?? Buffer.of()).actionCode).to.equal(21);
    expect(open(second ?? Buffer.of()).actionCode).to.equal(21);
    expect(first).to.not.deep.equal(second);
  });

  it('gives up after three packets, with 5 and the three likeliest reasons, a wrong clock the first', async () => {
    writeProfile(`"tcp/${doorPort}"`);
    // What stands for the system's answer to `timedatectl show --property=NTPSynchronized --value`.
    client.write('timedatectl', '#!/bin/sh\necho no\n', 0o700);
    const env = { ...client.env, PATH: client.profiles };
    const { exitCode, stdout, stderr } = await opener(['home'], { env });
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 5, stdout: '' });
    const lines = stderr.split('\n').filter((line) => !line.startsWith('opener: hint: '));
    expect(lines[0]).to.equal(
      `opener: tcp/${doorPort} at 127.0.0.1 did not open within 10 s; 3 packets were sent`,
    );
    expect(lines.slice(1, -1)).to.have.length(3);
    for (const line of lines.slice(1, -1)) expect(line).to.match(/^opener: likely: /);
    expect(lines[1]).to.contain('the system says that it is not synchronised');
    expect(stderr).to.contain(`nothing listens at tcp/${doorPort}; connections are refused`);
    expect(await receiver.all()).to.have.length(3);
  });

  it('shows on a terminal that it goes on, and in the end how long it took', async () => {
    openAfter(1);
    writeProfile(`"tcp/${doorPort}"`);
    // script(1) gives the command a terminal.
    const child = spawn('script', ['-qec', `"${process.execPath}" "${OPENER}" home`, '/dev/null'], {
      env: { ...client.env, PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
    expect(await once(child, 'close')).to.deep.equal([0, null]);
    expect(shown).to.match(
      /^\r\u001b\[Kopener: waiting for tcp\/\d+ at .*\r\u001b\[Kopener: tcp\/\d+ at 127\.0\.0\.1 is open after \d+\.\d s\r\n$/,
    );
  });

  for (const [what, args, more] of [
    ['with --no-wait', ['--no-wait'], ''],
    ['with wait = false in the profile', [], 'wait = false\n'],
    ['for a packet that acts for another address', ['--allow', '203.0.113.7'], ''],
  ] as const) {
    it(`is left out ${what}`, async () => {
      writeProfile(`"tcp/${doorPort}"`, more);
      expect(await opener(['home', ...args], client)).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
      expect(await receiver.all()).to.have.length(1);
    });
  }

  it('cannot be done for a UDP port, which -v says', async () => {
    writeProfile('"udp/51820"');
    const { exitCode, stderr } = await opener(['home', '-v'], client);
    expect(exitCode).to.equal(0);
    expect(stderr).to.contain(
      'opener: sent; a UDP port gives no sign of being open, so udp/51820 is not waited for\n',
    );
  });

  describe('over both families', () => {
    const BOTH = [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ] as const;

    it('sends a packet over each and takes the one that opens', async () => {
      const sent: string[] = [];
      const opening = await openDoor(BOTH, doorPort, ({ address }) => {
        sent.push(address);
        if (address === '127.0.0.1') door.listen(doorPort, '127.0.0.1');
        return Promise.resolve();
      });
      expect(sent).to.deep.equal(['::1', '127.0.0.1']);
      expect(opening).to.include({ kind: 'open', address: '127.0.0.1' });
      if (opening.kind === 'open') opening.connection.destroy();
    });

    it('leaves the second alone if the first opens at once', async () => {
      const sent: string[] = [];
      const opening = await openDoor([...BOTH].reverse(), doorPort, ({ address }) => {
        sent.push(address);
        door.listen(doorPort, '127.0.0.1');
        return Promise.resolve();
      });
      expect(sent).to.deep.equal(['127.0.0.1']);
      if (opening.kind === 'open') opening.connection.destroy();
    });

    it('goes on with the second if nothing can be sent over the first', async () => {
      const opening = await openDoor(BOTH, doorPort, ({ family }) => {
        if (family === 6) return Promise.reject(new Refusal('sending', { sentence: 'no route' }));
        door.listen(doorPort, '127.0.0.1');
        return Promise.resolve();
      });
      expect(opening).to.include({ kind: 'open', address: '127.0.0.1' });
      if (opening.kind === 'open') opening.connection.destroy();
    });

    it('is refused at once if nothing can be sent over either', async () => {
      const { message } = await refused(() =>
        openDoor(BOTH, doorPort, ({ address }) =>
          Promise.reject(new Refusal('sending', { sentence: `no route to ${address}` })),
        ),
      );
      expect(message).to.equal('no route to ::1');
    });
  });
});
