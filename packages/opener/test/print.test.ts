import { openSync, closeSync } from 'node:fs';
import { expect } from 'chai';
import { ClientFolder, GATE_KEY, OTHER_SEED, profileText, SEED } from './support/client-folder.js';
import { opener, OPENER } from './support/opener-process.js';
import { Receiver } from './support/receiver.js';
import { openPrinted } from './support/verifier.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

describe('--print', function () {
  this.timeout(20_000);
  let client: ClientFolder;

  beforeEach(() => {
    client = new ClientFolder();
  });
  afterEach(() => {
    client.remove();
  });

  it('prints an authentic packet in base64 on one line', async () => {
    client.write('home.toml', profileText('server.example.net', 51_324));
    const { exitCode, stdout, stderr } = await opener(
      ['home', '--print', '--allow', '203.0.113.7', '--for', '4294967295', '--arg', 'x'.repeat(64)],
      client,
    );
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    const message = openPrinted(stdout);
    expect(message).to.deep.include({ actionCode: 21, duration: 4_294_967_295, argument: 'x'.repeat(64) });
    expect(Buffer.from(message.address ?? []).toString('hex')).to.equal('00000000000000000000ffffcb007107');
  });

  it('neither resolves the name nor sends', async () => {
    const receiver = await Receiver.listen('127.0.0.1');
    try {
      client.write('home.toml', profileText('127.0.0.1', receiver.port));
      expect((await opener(['home', '--print'], client)).exitCode).to.equal(0);
      expect(await receiver.all()).to.have.length(0);
      expect((await opener(['home', '--print', '-d', 'does-not-exist.invalid'], client)).exitCode).to.equal(
        0,
      );
    } finally {
      receiver.close();
    }
  });

  it('with -v says what is printed on standard error, without an address', async () => {
    client.write('home.toml', profileText('server.example.net', 51_324));
    const { stdout, stderr } = await opener(['home', '--print', '-v'], client);
    expect(openPrinted(stdout).actionCode).to.equal(21);
    expect(stderr).to.contain('opener: destination server.example.net port 51324\n');
    expect(stderr).to.contain(`opener: size ${String(Buffer.from(stdout, 'base64').length)} bytes\n`);
  });

  it('seals with the seed from standard input for -k -', async () => {
    client.write('home.toml', profileText('server.example.net', 51_324));
    for (const stdin of [OTHER_SEED, `${OTHER_SEED}\n`, `${OTHER_SEED}\r\n`]) {
      const { exitCode, stdout } = await opener(['home', '--print', '-k', '-'], { env: client.env, stdin });
      expect(exitCode).to.equal(0);
      expect(openPrinted(stdout, 21, OTHER_SEED).actionCode).to.equal(21);
    }
  });

  it('seals with secrets that the profile itself holds', async () => {
    client.write(
      'inline.toml',
      `host = "a"\nserver_id = "gw1.example.net"\nport = 1\ngate_key = "${GATE_KEY}"\nseed = "${SEED}"`,
    );
    const { exitCode, stdout } = await opener(['inline', '21', '--print'], client);
    expect(exitCode).to.equal(0);
    expect(openPrinted(stdout).actionCode).to.equal(21);
  });

  it('ends with 1 and a sentence if the reader is gone', async () => {
    client.write('home.toml', profileText('server.example.net', 51_324));
    const child = spawn(process.execPath, [OPENER, 'home', '--print'], { env: client.env });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const [exitCode] = (await once(child, 'close')) as [number];
    expect(stderr).to.equal('opener: could not write to standard output: broken pipe\n');
    expect(exitCode).to.equal(1);
  });

  it('ends with 1 and a sentence if the disk is full', async () => {
    client.write('home.toml', profileText('server.example.net', 51_324));
    const full = openSync('/dev/full', 'w');
    try {
      const { exitCode, stderr } = await opener(['home', '--print'], {
        env: client.env,
        stdio: ['pipe', full, 'pipe'],
      });
      expect(stderr).to.equal('opener: could not write to standard output: no space left on device\n');
      expect(exitCode).to.equal(1);
    } finally {
      closeSync(full);
    }
  });
});
