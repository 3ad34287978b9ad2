import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkProfile } from '@bouncer-spa/opener/dist/core/profile.js';
import type { Table } from '@bouncer-spa/opener/dist/core/toml-table.js';
import { expect } from 'chai';
import { parse } from 'smol-toml';
import { GATE_KEY, OTHER_SEED, SEED } from './support/client-folder.js';
import { refused } from './support/refused.js';

const FILE = '/profiles/home.toml';

function read(toml: string): Table {
  return parse(toml, { integersAsBigInt: true });
}

/** What is said about a profile, without the file in front. */
async function complaints(toml: string): Promise<string[]> {
  const { kind, problems } = await refused(() => checkProfile(read(toml), FILE, []));
  expect(kind).to.equal('profile');
  return problems.map(({ sentence }) => {
    expect(sentence.slice(0, FILE.length + 2)).to.equal(`${FILE}: `);
    return sentence.slice(FILE.length + 2);
  });
}

describe('a profile', () => {
  const LEAST = 'host = "a.example"\ngate_key_file = "gate.key"\n';

  it('says all that there is to say about a server', () => {
    const toml = `host = "server.example.net"
      port = 51324
      server_id = "gw1.example.net"
      gate_key_file = "gate.key"
      seed_file = "/seeds/alice.seed"
      default_action = "ssh"
      for = "10m"
      allow = "source"
      wait = false
      [actions]
      ssh = 21
      "restart mail" = 65535
      zero = 0
      [actions.vpn]
      code = 23
      opens = ["udp/51820", "tcp/8000-8010"]
      for = "1h"`;
    expect(checkProfile(read(toml), FILE, [])).to.deep.equal({
      file: FILE,
      host: 'server.example.net',
      port: 51_324,
      serverId: 'gw1.example.net',
      gateKey: { kind: 'file', path: '/profiles/gate.key' },
      seed: { kind: 'file', path: '/seeds/alice.seed' },
      defaultAction: 'ssh',
      duration: 600,
      address: 'source',
      wait: false,
      actions: new Map([
        ['ssh', { code: 21, opens: [], duration: undefined }],
        ['restart mail', { code: 65_535, opens: [], duration: undefined }],
        ['zero', { code: 0, opens: [], duration: undefined }],
        [
          'vpn',
          {
            code: 23,
            opens: [
              { protocol: 'udp', first: 51_820, last: 51_820 },
              { protocol: 'tcp', first: 8000, last: 8010 },
            ],
            duration: 3600,
          },
        ],
      ]),
    });
  });

  it('needs no more than a host and a gate key; the server id is then the host', () => {
    expect(checkProfile(read(LEAST), FILE, [])).to.deep.equal({
      file: FILE,
      host: 'a.example',
      port: undefined,
      serverId: 'a.example',
      gateKey: { kind: 'file', path: '/profiles/gate.key' },
      seed: undefined,
      defaultAction: undefined,
      duration: undefined,
      address: undefined,
      wait: true,
      actions: new Map(),
    });
  });

  it('may hold the secrets itself', () => {
    const { gateKey, seed } = checkProfile(
      read(`host = "a"\ngate_key = "${GATE_KEY}"\nseed = "${SEED.toUpperCase()}"`),
      FILE,
      [],
    );
    expect(gateKey).to.deep.equal({ kind: 'inline', secret: Uint8Array.from(Buffer.from(GATE_KEY, 'hex')) });
    expect(seed).to.deep.equal({ kind: 'inline', secret: Uint8Array.from(Buffer.from(SEED, 'hex')) });
  });

  it('beside the working directory has its files there too', () => {
    const { gateKey } = checkProfile(read(LEAST), 'home.toml', []);
    expect(gateKey).to.deep.equal({ kind: 'file', path: 'gate.key' });
  });

  describe('that holds a secret', () => {
    const exposure = [{ sentence: 'open to others', hint: 'chmod' }];

    for (const key of ['seed', 'gate_key']) {
      it(`as ${key} is refused if others can read it`, async () => {
        const toml = `host = "a"\n${key} = "${SEED}"\n${key === 'seed' ? 'gate_key_file = "g"' : ''}`;
        const { kind, problems } = await refused(() => checkProfile(read(toml), FILE, exposure));
        expect(kind).to.equal('profile');
        expect(problems).to.deep.equal(exposure);
      });
    }

    it('in a file of its own may itself be read by others', () => {
      expect(() => checkProfile(read(`${LEAST}seed_file = "s"`), FILE, exposure)).to.not.throw();
    });
  });

  const mistakes: [what: string, toml: string, expected: string[]][] = [
    ['no host', 'gate_key_file = "g"', ['host: missing']],
    ['no gate key', 'host = "a"', ['gate_key_file: missing']],
    ['an unknown key', `${LEAST}colour = "red"`, ['colour: unknown key']],
    ['an unknown key of odd characters', `"co\\u001blour" = 1\n${LEAST}`, ['"co\\u001blour": unknown key']],
    [
      'another address than the source',
      `${LEAST}allow = "192.0.2.1"`,
      ['allow: expected "source", got "192.0.2.1"'],
    ],
    ['an unknown table', `${LEAST}[server]\nid = "x"`, ['server: unknown key']],
    ['a key that every object has', `${LEAST}__proto__ = 1`, ['__proto__: unknown key']],
    [
      'a host that is no string',
      'host = 1\ngate_key_file = "g"',
      ['host: expected a string, got an integer'],
    ],
    ['an empty host', 'host = ""\ngate_key_file = "g"', ['host: expected a string that is not empty']],
    [
      'an address in brackets',
      'host = "[::1]"\nserver_id = "x"\ngate_key_file = "g"',
      ['host: expected a host name or an address without brackets, got "[::1]"'],
    ],
    [
      'a host that is no server id',
      'host = "::1"\ngate_key_file = "g"',
      ['server_id: missing, and the host cannot stand for it'],
    ],
    [
      'a server id of wrong characters',
      `${LEAST}server_id = "a b"`,
      ['server_id: server id expected only letters, digits, "." "_" and "-"'],
    ],
    [
      'a server id too long',
      `${LEAST}server_id = "${'a'.repeat(65)}"`,
      ['server_id: server id expected 1 to 64 characters, got 65'],
    ],
    ['port 0', `${LEAST}port = 0`, ['port: expected an integer from 1 to 65535, got 0']],
    ['port 65536', `${LEAST}port = 65536`, ['port: expected an integer from 1 to 65535, got 65536']],
    [
      'a port too large for a double',
      `${LEAST}port = 9007199254740993`,
      ['port: expected an integer from 1 to 65535, got 9007199254740993'],
    ],
    ['a port as text', `${LEAST}port = "51324"`, ['port: expected an integer from 1 to 65535, got a string']],
    ['a port as float', `${LEAST}port = 51324.0`, ['port: expected an integer from 1 to 65535, got a float']],
    ['a seed as number', `${LEAST}seed = 1234`, ['seed: expected a string, got an integer']],
    ['a seed file as boolean', `${LEAST}seed_file = true`, ['seed_file: expected a string, got a boolean']],
    [
      'a seed file as date',
      `${LEAST}seed_file = 2027-06-30`,
      ['seed_file: expected a string, got a date or time'],
    ],
    ['a seed file as array', `${LEAST}seed_file = ["s"]`, ['seed_file: expected a string, got an array']],
    ['a seed file as table', `${LEAST}seed_file = {}`, ['seed_file: expected a string, got a table']],
    ['a name with NUL', `${LEAST}seed_file = "a\\u0000"`, ['seed_file: expected a string without NUL']],
    [
      'a seed too short',
      `${LEAST}seed = "${SEED.slice(1)}"`,
      ['seed: seed expected 64 hexadecimal digits, got 63'],
    ],
    [
      'a gate key of other characters',
      `host = "a"\ngate_key = "${'z'.repeat(64)}"`,
      ['gate_key: gate key expected 64 hexadecimal digits, got other characters'],
    ],
    [
      'two seeds',
      `${LEAST}seed = "${SEED}"\nseed_file = "s"`,
      ['seed: seed_file is there too; only one can be'],
    ],
    [
      'two gate keys',
      `${LEAST}gate_key = "${GATE_KEY}"`,
      ['gate_key: gate_key_file is there too; only one can be'],
    ],
    [
      'a seed where a file belongs',
      `${LEAST}seed_file = "${SEED}"`,
      ['seed_file: expected the name of a file, got 64 hexadecimal digits'],
    ],
    ['actions that are no table', `${LEAST}actions = ["ssh"]`, ['actions: expected a table, got an array']],
    [
      'an action that is no number',
      `${LEAST}[actions]\nssh = "21"`,
      ['actions.ssh: expected an integer from 0 to 65535, got a string'],
    ],
    [
      'an action code too large',
      `${LEAST}[actions]\nssh = 65536`,
      ['actions.ssh: expected an integer from 0 to 65535, got 65536'],
    ],
    [
      'a negative action code',
      `${LEAST}[actions]\n"a b" = -1`,
      ['actions."a b": expected an integer from 0 to 65535, got -1'],
    ],
    [
      'an action whose name is a number',
      `${LEAST}[actions]\n22 = 21`,
      ['actions.22: expected a name that is not a number'],
    ],
    [
      'an action without a name',
      `${LEAST}[actions]\n"" = 21`,
      ['actions."": expected a name that is not a number'],
    ],
    ['a duration as number', `${LEAST}for = 30`, ['for: expected a string, got an integer']],
    [
      'a duration without meaning',
      `${LEAST}for = "soon"`,
      ['for: duration expected a whole number and a unit, got "soon"'],
    ],
    ['a wait that is neither', `${LEAST}wait = "no"`, ['wait: expected a boolean, got a string']],
    ['an action without its code', `${LEAST}[actions.ssh]\nopens = []`, ['actions.ssh.code: missing']],
    [
      'an action with every mistake',
      `${LEAST}[actions.ssh]\ncode = -1\nopen = 1\nopens = ["tcp/0", 22, "sctp/1", "tcp/2-1", "tcp/65536"]\nfor = "0"`,
      [
        'actions.ssh.open: unknown key',
        'actions.ssh.code: expected an integer from 0 to 65535, got -1',
        ...['"tcp/0"', 'an integer', '"sctp/1"', '"tcp/2-1"', '"tcp/65536"'].map(
          (got) =>
            `actions.ssh.opens: expected a protocol and a port such as tcp/22 or udp/60000-61000, got ${got}`,
        ),
        'actions.ssh.for: duration expected at least 1 second, got 0',
      ],
    ],
    [
      'doors that are no array',
      `${LEAST}[actions.ssh]\ncode = 1\nopens = "tcp/22"`,
      ['actions.ssh.opens: expected an array, got a string'],
    ],
    [
      'an unknown default action',
      `${LEAST}default_action = "ssh"`,
      ['default_action: "ssh" is not in [actions]'],
    ],
    [
      'a default action that is no string',
      `${LEAST}default_action = 21`,
      ['default_action: expected a string, got an integer'],
    ],
  ];
  for (const [what, toml, expected] of mistakes) {
    it(`with ${what} is refused`, async () => {
      expect(await complaints(toml)).to.deep.equal(expected);
    });
  }

  it('with many mistakes is refused with all of them', async () => {
    const toml = `hots = "a"\nport = 0\nserver_id = ""\ngate_key = 1\nseed = "x"\ndefault_action = "y"\nactions.b = 1.5`;
    expect(await complaints(toml)).to.deep.equal([
      'hots: unknown key',
      'host: missing',
      'port: expected an integer from 1 to 65535, got 0',
      'server_id: expected a string that is not empty',
      'gate_key: expected a string, got an integer',
      'seed: seed expected 64 hexadecimal digits, got other characters',
      'actions.b: expected an integer from 0 to 65535, got a float',
      'default_action: "y" is not in [actions]',
    ]);
  });

  it('has no secret in any complaint about it', async () => {
    const toml = `seed = "${SEED}f"\ngate_key = ["${GATE_KEY}"]\nseed_file = "${OTHER_SEED}"\nport = "${SEED}"`;
    const { problems } = await refused(() => checkProfile(read(toml), FILE, []));
    for (const secret of [SEED, GATE_KEY, OTHER_SEED])
      expect(JSON.stringify(problems)).to.not.contain(secret);
  });

  it('is what example.toml shows', () => {
    const example = fileURLToPath(import.meta.resolve('@bouncer-spa/opener/example.toml'));
    const profile = checkProfile(read(readFileSync(example, 'utf8')), FILE, []);
    expect(profile).to.include({
      host: 'server.example.net',
      serverId: 'gw1.example.net',
      defaultAction: 'ssh',
    });
  });
});
