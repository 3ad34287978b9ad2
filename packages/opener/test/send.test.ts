import { expect } from 'chai';
import { ClientFolder, GATE_KEY, OTHER_SEED, profileText, SEED } from './support/client-folder.js';
import { opener } from './support/opener-process.js';
import { Receiver } from './support/receiver.js';
import { open } from './support/verifier.js';

describe('sending', function () {
  this.timeout(20_000);
  let client: ClientFolder;
  let receiver: Receiver | undefined;

  beforeEach(() => {
    client = new ClientFolder();
  });
  afterEach(() => {
    client.remove();
    receiver?.close();
    receiver = undefined;
  });

  for (const address of ['127.0.0.1', '::1'] as const) {
    it(`to ${address} hands exactly one authentic packet to the kernel and says nothing`, async () => {
      receiver = await Receiver.listen(address);
      client.write('home.toml', profileText(address, receiver.port));
      const outcome = await opener(
        ['home', 'vpn', '--for', '10m', '--allow', '2001:db8::7', '--arg', 'é'],
        client,
      );
      expect(outcome).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
      const datagrams = await receiver.all();
      expect(datagrams).to.have.length(1);
      const message = open(datagrams[0] ?? Buffer.of(), 23);
      expect(message).to.deep.include({ actionCode: 23, duration: 600, argument: 'é' });
      expect(Buffer.from(message.address ?? []).toString('hex')).to.equal('20010db8000000000000000000000007');
      expect(Math.abs(message.time - Date.now())).to.be.below(20_000);
    });
  }

  it('twice makes two packets that have nothing but the head in common', async () => {
    receiver = await Receiver.listen('127.0.0.1');
    client.write('home.toml', profileText('127.0.0.1', receiver.port));
    await opener(['home'], client);
    await opener(['home'], client);
    const [first, second] = await receiver.all();
    if (first === undefined || second === undefined) throw new Error('expected two packets');
    expect(open(first).actionCode).to.equal(21);
    expect(open(second).actionCode).to.equal(21);
    expect(first.subarray(12, 28)).to.not.deep.equal(second.subarray(12, 28));
  });

  it('asks for the default action, its own duration and the source address if nothing else is said', async () => {
    receiver = await Receiver.listen('127.0.0.1');
    client.write('home.toml', profileText('127.0.0.1', receiver.port));
    expect(await opener(['send', 'home'], client)).to.include({ exitCode: 0 });
    const [datagram] = await receiver.all();
    expect(open(datagram ?? Buffer.of())).to.deep.include({
      actionCode: 21,
      duration: 0,
      address: undefined,
      argument: '',
    });
  });

  it('goes where -d and -p say instead of where the profile does', async () => {
    receiver = await Receiver.listen('::1');
    client.write('home.toml', profileText('does-not-exist.invalid', 9));
    const outcome = await opener(['home', '-d', '::1', '-p', String(receiver.port)], client);
    expect(outcome).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
    expect(await receiver.all()).to.have.length(1);
  });

  it('in the classic form finds the profile by the destination, and says with -v what is sent', async () => {
    receiver = await Receiver.listen('127.0.0.1');
    client.write('some.toml', profileText('127.0.0.1', 9));
    const seed = client.write('other.seed', OTHER_SEED);
    const args = ['-v', '-p', String(receiver.port), '-d', '127.0.0.1', '-f', '21', '-k', seed];
    const { exitCode, stdout, stderr } = await opener(args, client);
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 0, stdout: '' });
    const [datagram = Buffer.of()] = await receiver.all();
    const { time } = open(datagram, 21, OTHER_SEED);
    expect(stderr.split('\n')).to.deep.equal([
      `opener: destination 127.0.0.1 port ${String(receiver.port)}`,
      'opener: server id gw1.example.net',
      'opener: action "ssh" code 21',
      `opener: minute ${String(Math.floor(time / 60_000))} (${new Date(time).toISOString().slice(0, 16)}Z)`,
      `opener: size ${String(datagram.length)} bytes`,
      "opener: acts for the packet's source address",
      "opener: duration the action's own",
      'opener: argument 0 bytes',
      '',
    ]);
    for (const secret of [SEED, OTHER_SEED, GATE_KEY]) expect(stderr).to.not.contain(secret);
  });

  it('resolves a name, and -v says to which address', async () => {
    receiver = await Receiver.listen('127.0.0.1');
    client.write('home.toml', profileText('localhost', receiver.port));
    const { exitCode, stderr } = await opener(['home', '-4', '-v'], client);
    expect(exitCode).to.equal(0);
    expect(stderr).to.contain(`destination localhost (127.0.0.1) port ${String(receiver.port)}\n`);
    expect(await receiver.all()).to.have.length(1);
  });

  for (const [option, host, family] of [
    ['-4', '::1', 'an IPv4 address'],
    ['-6', '127.0.0.1', 'an IPv6 address'],
  ] as const) {
    it(`with ${option} refuses ${host}`, async () => {
      client.write('home.toml', profileText(host, 9));
      expect(await opener(['home', option], client)).to.deep.equal({
        exitCode: 4,
        stdout: '',
        stderr: `opener: host "${host}" is not ${family}\nopener: hint: leave out ${option}\n`,
      });
    });
  }

  for (const [option, what] of [
    [[], 'an address'],
    [['-4'], 'an IPv4 address'],
    [['-6'], 'an IPv6 address'],
  ] as const) {
    it(`to a name that is nobody's ends with 4, with [${option.join('')}]`, async () => {
      client.write('home.toml', profileText('does-not-exist.invalid', 9));
      const { exitCode, stdout, stderr } = await opener(['home', ...option], client);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 4, stdout: '' });
      expect(stderr).to.match(
        new RegExp(
          `^opener: host "does-not-exist.invalid" does not resolve to ${what}(\n|: the name server .*\n)opener: hint: [^\n]+\n$`,
        ),
      );
    });
  }

  it('that the kernel refuses ends with 1 and the reason in words', async () => {
    // Broadcasts need a socket that has asked for them, so this never leaves.
    client.write('home.toml', profileText('255.255.255.255', 9));
    expect(await opener(['home'], client)).to.deep.equal({
      exitCode: 1,
      stdout: '',
      stderr: 'opener: could not send to 255.255.255.255: permission denied\n',
    });
  });

  it('without a seed in the profile or on the command line is refused', async () => {
    const file = client.write(
      'home.toml',
      'host = "a"\nport = 1\ngate_key_file = "gate.key"\nactions.ssh = 21',
    );
    expect(await opener(['home', 'ssh'], client)).to.deep.equal({
      exitCode: 2,
      stdout: '',
      stderr:
        'opener: no seed is given\n' +
        `opener: hint: add -k SEEDFILE, or write seed_file = "SEEDFILE" in ${file}\n`,
    });
  });
});
