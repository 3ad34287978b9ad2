import { Refusal } from '@bouncer-spa/opener/dist/core/refusal.js';
import { reasonOf } from '@bouncer-spa/opener/dist/system/reason.js';
import { EXIT_CODE } from '@bouncer-spa/opener/dist/cli/exit-code.js';
import { parseGateKey, parseSeed } from '@bouncer-spa/protocol';
import { writeBundle } from '@bouncer-spa/protocol/bundle';
import { expect } from 'chai';
import { closeSync, openSync } from 'node:fs';
import { ClientFolder, GATE_KEY, OTHER_SEED, profileText, SEED } from './support/client-folder.js';
import { opener } from './support/opener-process.js';

describe('an error', function () {
  this.timeout(20_000);
  let client: ClientFolder;

  beforeEach(() => {
    client = new ClientFolder();
    client.write('home.toml', profileText('255.255.255.255', 9));
  });
  afterEach(() => {
    client.remove();
  });

  it('has the exit code of its kind', () => {
    expect(EXIT_CODE).to.deep.equal({
      done: 0,
      sending: 1,
      usage: 2,
      profile: 3,
      resolving: 4,
      closed: 5,
      internal: 70,
    });
  });

  it('is one lower-case sentence after the name of the command, with the hint beneath', async () => {
    expect(await opener(['home', 'shh'], client)).to.deep.equal({
      exitCode: 2,
      stdout: '',
      stderr: 'opener: unknown action "shh"\nopener: hint: the profile\'s actions are ssh, vpn\n',
    });
  });

  it('of the network has the reason in words', () => {
    const words = new Map([
      [101, 'network is unreachable'],
      [113, 'host is unreachable'],
      [1, 'operation not permitted'],
    ]);
    for (const [errno, reason] of words) {
      expect(reasonOf(Object.assign(new Error(), { code: 'E', errno: -errno }))).to.equal(reason);
    }
    expect(reasonOf(Object.assign(new Error(), { code: 'EODD', errno: 99_999 }))).to.equal('EODD');
  });

  it('joins its sentences for those who catch it', () => {
    expect(new Refusal('profile', { sentence: 'a' }, { sentence: 'b', hint: 'c' }).message).to.equal('a; b');
  });

  it('never has control characters for the terminal', async () => {
    client.write(
      'home.toml',
      'host = "a"\ngate_key_file = "gate\\u001b[31m.key"\nseed_file="alice.seed"\nport=1',
    );
    const { stderr } = await opener(['home', '21'], client);
    expect(stderr).to.contain('gate?[31m.key: no such file or directory');
    expect(stderr).to.not.match(/[^\n\P{Cc}]/u);
  });

  it('on a closed standard error still has its exit code', async () => {
    const full = openSync('/dev/full', 'w');
    try {
      const { exitCode } = await opener(['home', 'shh'], { env: client.env, stdio: ['pipe', 'pipe', full] });
      expect(exitCode).to.equal(EXIT_CODE.usage);
    } finally {
      closeSync(full);
    }
  });

  it('is also that a command is not done when there is nothing left to wait for', async () => {
    // As if the system never answered.
    const silent =
      "import { Socket } from 'node:dgram'; Socket.prototype.send = function () { this.unref() };";
    const preload = `data:text/javascript,${encodeURIComponent(silent)}`;
    client.write('home.toml', profileText('127.0.0.1', 9));
    const env = { ...client.env, NODE_OPTIONS: `--import=${preload}` };
    expect(await opener(['home', 'ssh'], { env })).to.deep.equal({
      exitCode: 70,
      stdout: '',
      stderr: 'opener: internal error: there is nothing left to wait for, but the command is not done\n',
    });
  });

  it('that nobody foresaw is one line, without a stack trace, and ends with 70', async () => {
    // A preloaded module breaks what the command relies on.
    const preload = client.write('break.mjs', 'Date.now = () => { throw new TypeError("clock\\nbroken"); };');
    const env = { ...client.env, NODE_OPTIONS: `--import=${preload}` };
    expect(await opener(['home', '--print'], { env })).to.deep.equal({
      exitCode: EXIT_CODE.internal,
      stdout: '',
      stderr: 'opener: internal error: clock?broken\n',
    });
  });

  it('that nobody foresaw and nobody awaits is reported alike', async () => {
    const preload = client.write(
      'break.mjs',
      `const { on } = process;
      process.on = function (event, listener) {
        if (event === 'uncaughtException') queueMicrotask(() => { throw new TypeError('late'); });
        return on.call(this, event, listener);
      };`,
    );
    const env = { ...client.env, NODE_OPTIONS: `--import=${preload}` };
    const { exitCode, stderr } = await opener(['home', '--print'], { env });
    expect(stderr).to.equal('opener: internal error: late\n');
    expect(exitCode).to.equal(EXIT_CODE.internal);
  });

  describe('and every other output', () => {
    const HALF = OTHER_SEED.slice(0, 40);
    const BUNDLE = writeBundle({
      gateKey: parseGateKey(GATE_KEY),
      seed: parseSeed(OTHER_SEED),
      profile: 'host = "a"\n',
    });
    const runs: [what: string, args: string[], files: Record<string, string>][] = [
      ['what is sent', ['home', '-v'], {}],
      ['what is printed', ['home', '-v', '--print'], {}],
      ['a seed for a file', ['home', '-k', OTHER_SEED], {}],
      ['half a seed for a file', ['home', '-k', HALF], {}],
      ['a seed for a profile', [OTHER_SEED], {}],
      ['a seed for an explicit profile', ['--profile', OTHER_SEED], {}],
      ['a seed for an action', ['home', OTHER_SEED], {}],
      ['a bundle for a profile', [BUNDLE], {}],
      ['a bundle for an action', ['home', BUNDLE], {}],
      ['a bundle for a file to import', ['import', BUNDLE.replace('bouncer:', '')], {}],
      ['a bundle for the name of an import', ['import', 'x', '--name', BUNDLE], {}],
      ['a seed for a destination', ['-d', OTHER_SEED], {}],
      ['a seed for a port', ['home', '-p', OTHER_SEED], {}],
      ['a seed for an address', ['home', '--allow', OTHER_SEED], {}],
      ['a seed for a duration', ['home', '--for', OTHER_SEED], {}],
      ['a seed for an option', ['home', `--${OTHER_SEED}`], {}],
      ['a seed for one word too many', ['home', 'ssh', OTHER_SEED], {}],
      ['a seed beside keygen', ['keygen', OTHER_SEED, 'x'], {}],
      ['a seed with one digit too many', ['home'], { 'alice.seed': `${OTHER_SEED}0` }],
      ['a profile that is a seed', ['home'], { 'home.toml': OTHER_SEED }],
      ['a profile with a seed without quotes', ['home'], { 'home.toml': `seed = ${OTHER_SEED}` }],
      ['a profile with a seed that does not end', ['home'], { 'home.toml': `seed = "${OTHER_SEED}` }],
      ['a profile with a seed twice', ['home'], { 'home.toml': `seed = "${OTHER_SEED}"\nseed = "${SEED}"` }],
      ['a profile with a seed for a key', ['home'], { 'home.toml': `"${OTHER_SEED}" = "${SEED}"` }],
      [
        'a profile with half a seed for a file',
        ['home'],
        {
          'home.toml': `host = "a"\ngate_key_file = "${HALF}"\nseed_file = "${HALF}"\nport = 1\nactions.a = 1\ndefault_action = "a"`,
        },
      ],
      [
        'a profile with a seed for everything',
        ['home'],
        {
          'home.toml': ['host', 'server_id', 'gate_key_file', 'seed_file', 'default_action']
            .map((key) => `${key} = "${OTHER_SEED}"`)
            .join('\n'),
        },
      ],
    ];
    for (const [what, args, files] of runs) {
      it(`repeats no secret, as with ${what}`, async () => {
        for (const [name, text] of Object.entries(files)) client.write(name, text);
        const { stdout, stderr } = await opener(args, client);
        expect(stderr).to.match(/^opener: /);
        for (const secret of [SEED, OTHER_SEED, GATE_KEY, HALF, BUNDLE.slice(-80)])
          expect(stdout + stderr).to.not.contain(secret);
      });
    }
  });
});
