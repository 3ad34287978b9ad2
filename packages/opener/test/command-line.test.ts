import { parseCommandLine, type SendCommand } from '@bouncer-spa/opener/dist/cli/options.js';
import { expect } from 'chai';
import { SEED } from './support/client-folder.js';
import { refused } from './support/refused.js';

async function parseSend(...args: string[]): Promise<SendCommand> {
  const command = await parseCommandLine(args);
  if (command.kind !== 'send') throw new Error(`expected send, got ${command.kind}`);
  return command;
}

async function complaint(...args: string[]): Promise<string> {
  const { kind, message } = await refused(() => parseCommandLine(args));
  expect(kind).to.equal('usage');
  return message;
}

describe('the command line', () => {
  it('with a profile alone asks for all that the profile says', async () => {
    expect(await parseSend('home')).to.deep.equal({
      kind: 'send',
      profile: { kind: 'name', name: 'home' },
      keyFile: undefined,
      request: {
        host: undefined,
        port: undefined,
        family: 0,
        action: undefined,
        duration: undefined,
        address: undefined,
        argument: '',
      },
      sending: { source: undefined, sourcePort: undefined, ttl: undefined },
      wait: undefined,
      print: false,
      verbose: false,
    });
  });

  it('takes the classic form', async () => {
    const command = await parseSend(...'-v -p 51324 -d server.example.net -f 21 -k alice.seed'.split(' '));
    expect(command).to.deep.include({
      profile: {
        kind: 'host',
        host: 'server.example.net',
        wayOut: 'name one with opener PROFILE or --profile FILE',
      },
      keyFile: 'alice.seed',
      verbose: true,
      print: false,
    });
    expect(command.request).to.deep.include({ host: 'server.example.net', port: 51_324, action: '21' });
  });

  it('takes every option by its long name, with the value beside it or joined', async () => {
    const expected = await parseSend(
      ...'home -d h -p 1 -f vpn -k - -4 --allow 192.0.2.1 --for 1m --arg x --print -v'.split(' '),
    );
    expect(expected.request).to.deep.include({ host: 'h', port: 1, family: 4, action: 'vpn', duration: 60 });
    expect(expected.request.argument).to.equal('x');
    expect(expected.request.address).to.include({ text: '192.0.2.1' });
    expect(expected).to.include({ keyFile: '-', print: true, verbose: true });
    const separate = '--destination h --port 1 --action vpn --key - --allow 192.0.2.1 --for 1m --arg x';
    expect(await parseSend(...separate.split(' '), '--verbose', '--print', '-4', 'home')).to.deep.equal(
      expected,
    );
    const joined = '--destination=h --port=1 --action=vpn --key=- --allow=192.0.2.1 --for=1m --arg=x';
    expect(await parseSend(...joined.split(' '), '-v4', '--print', 'home')).to.deep.equal(expected);
    expect(
      await parseSend(...'-dh -p1 -fvpn -k- -v4 home'.split(' '), ...joined.split(' ').slice(4), '--print'),
    ).to.deep.equal(expected);
  });

  it('takes a family by its short and by its long name', async () => {
    expect((await parseSend('home', '-6')).request.family).to.equal(6);
    expect((await parseSend('home', '--ipv6')).request.family).to.equal(6);
    expect((await parseSend('home', '--ipv4')).request.family).to.equal(4);
  });

  it('takes the action after the profile', async () => {
    expect((await parseSend('home', 'ssh')).request.action).to.equal('ssh');
  });

  it('takes only the action if the profile is an explicit file', async () => {
    const command = await parseSend('--profile', 'a/b.toml', 'ssh');
    expect(command.profile).to.deep.equal({ kind: 'file', file: 'a/b.toml' });
    expect(command.request.action).to.equal('ssh');
  });

  it('may begin with send, and then a profile may be called keygen', async () => {
    expect(await parseSend('send', 'home', 'ssh')).to.deep.equal(await parseSend('home', 'ssh'));
    expect((await parseSend('send', 'keygen')).profile).to.deep.equal({ kind: 'name', name: 'keygen' });
  });

  it('takes what follows -- for words, whatever they begin with', async () => {
    expect((await parseSend('--', 'home', '-x')).request.action).to.equal('-x');
  });

  it('takes a joined value that begins with a dash', async () => {
    expect((await parseSend('home', '--arg=-x')).request.argument).to.equal('-x');
  });

  it('takes an argument of 64 bytes, and the empty one for none', async () => {
    expect((await parseSend('home', '--arg', 'é'.repeat(32))).request.argument).to.equal('é'.repeat(32));
    expect((await parseSend('home', '--arg', '')).request.argument).to.equal('');
  });

  it('takes IPv6 addresses for destinations', async () => {
    expect((await parseSend('-d', '::1')).request.host).to.equal('::1');
    expect((await parseSend('-d', 'fe80::1%eth0')).request.host).to.equal('fe80::1%eth0');
  });

  it('asks for help or the version whatever else it says', async () => {
    expect(await parseCommandLine(['home', '-h', '-p', 'x'])).to.deep.equal({ kind: 'help' });
    expect(await parseCommandLine(['--help'])).to.deep.equal({ kind: 'help' });
    expect(await parseCommandLine(['keygen', '-h'])).to.deep.equal({ kind: 'help' });
    expect(await parseCommandLine(['-V'])).to.deep.equal({ kind: 'version' });
    expect(await parseCommandLine(['--version'])).to.deep.equal({ kind: 'version' });
  });

  it('takes keygen with a file', async () => {
    expect(await parseCommandLine(['keygen', 'a.seed'])).to.deep.equal({ kind: 'keygen', file: 'a.seed' });
  });

  for (const args of [[], ['a', 'b'], [''], ['a', '-v']]) {
    it(`is refused if keygen has [${args.join(' ')}] after it`, async () => {
      expect(await complaint('keygen', ...args)).to.equal(
        'keygen expected the name of one new file and nothing else',
      );
    });
  }

  const mistakes: [args: string[], expected: string][] = [
    [[], 'no profile and no destination is given'],
    [['home', 'ssh', 'x'], 'unexpected "x"'],
    [['--profile', 'f', 'ssh', 'x'], 'unexpected "x"'],
    [['home', 'ssh', '-f', '21'], 'two actions are given, "ssh" and "21"'],
    [['home', '--colour'], 'unknown option --colour'],
    [['home', '-x'], 'unknown option -x'],
    [['home', '-vx'], 'unknown option -x'],
    [['home', '--toString'], 'unknown option --toString'],
    [['home', '-p'], '-p needs a value'],
    [['home', '--for'], '--for needs a value'],
    [['home', '-p', '-v'], '-p needs a value, and "-v" looks like an option'],
    [['home', '--print=1'], '--print takes no value'],
    [['home', '-v', '--verbose'], '--verbose is given twice'],
    [['home', '-p', '1', '--port', '2'], '--port is given twice'],
    [['home', '-4', '-6'], '-4 and -6 exclude each other'],
    [['home', '-p', '0'], 'port expected 1 to 65535, got "0"'],
    [['home', '-p', '65536'], 'port expected 1 to 65535, got "65536"'],
    [['home', '-p', '1e3'], 'port expected 1 to 65535, got "1e3"'],
    [['home', '-p', ' 1'], 'port expected 1 to 65535, got " 1"'],
    [['home', '-p', ''], 'port expected 1 to 65535, got ""'],
    [['home', '-d', ''], 'destination expected a host name or an address without brackets, got ""'],
    [['home', '-d', '[::1]'], 'destination expected a host name or an address without brackets, got "[::1]"'],
    [['-d', '../x'], 'destination expected a host name or an address without brackets, got "../x"'],
    [['home', '-d', 'a b'], 'destination expected a host name or an address without brackets, got "a b"'],
    [['a/b'], 'profile expected a name, got the path "a/b"'],
    [['--profile', ''], '--profile expected the name of a file, got none'],
    [
      ['home', '--wait', 'udp/51820'],
      'udp/51820 cannot be waited for: a UDP port gives no sign of being open',
    ],
    [['home', '--wait', 'tcp/1-2'], '--wait expected one port, got "tcp/1-2"'],
    [
      ['home', '--wait', '22'],
      '--wait expected a protocol and a port such as tcp/22 or udp/60000-61000, got "22"',
    ],
    [['home', '--wait', 'tcp/22', '--no-wait'], '--wait and --no-wait exclude each other'],
    [['home', '--wait', 'tcp/22', '--print'], '--print sends nothing, so there is nothing to wait for'],
    [['home', '--ttl', '256'], 'ttl expected 1 to 255, got "256"'],
    [['home', '--ttl', '0'], 'ttl expected 1 to 255, got "0"'],
    [['home', '--source', 'here'], 'address expected IPv4 or IPv6, got "here"'],
    [['proxy', 'h'], 'proxy expected a host and a port'],
    [['proxy', 'h', 'ssh'], 'port expected 1 to 65535, got "ssh"'],
    [['proxy', 'h', '22', 'x'], 'unexpected "x"'],
    [['proxy', 'h', '22', '--print'], 'proxy takes no --print'],
    [['proxy', 'h', '22', '--allow', '192.0.2.1'], 'proxy takes no --allow'],
    [['doctor'], 'no profile and no destination is given'],
    [['doctor', 'a', 'b'], 'unexpected "b"'],
    [['completion'], 'completion expected bash, zsh or fish, got none'],
    [['home', '-k', ''], '--key expected the name of a file, got none'],
    [['home', '--for', '0'], 'duration expected at least 1 second, got 0'],
    [['home', '--allow', '::'], 'address expected one that somebody has, got "::"'],
    [['home', '--arg', 'é'.repeat(33)], 'argument expected at most 64 bytes of UTF-8, got 66'],
    [['home', '--arg', 'a\0'], 'argument expected Unicode text without NUL'],
    [['home', '--arg', '\ud800'], 'argument expected Unicode text without NUL'],
  ];
  for (const [args, expected] of mistakes) {
    it(`is refused if it is ${JSON.stringify(args.join(' '))}`, async () => {
      expect(await complaint(...args)).to.equal(expected);
    });
  }

  it('says how to write a value that looks like an option', async () => {
    const { problems } = await refused(() => parseCommandLine(['home', '--arg', '-v']));
    expect(problems[0]?.hint).to.equal('if it is the value, write --arg=-v');
  });

  it('is refused if a seed stands where its file belongs, without repeating the seed', async () => {
    const { kind, problems } = await refused(() => parseCommandLine(['home', '-k', SEED]));
    expect(kind).to.equal('usage');
    expect(problems[0]?.sentence).to.equal(
      '-k expected the name of a file, got what looks like a seed itself',
    );
    expect(JSON.stringify(problems)).to.not.contain(SEED);
  });
});
