import { expect } from 'chai';
import { parse } from 'smol-toml';
import { profileOf } from '@bouncer-spa/bouncer/dist/core/bundle-profile.js';
import { clientText, withSeed } from '@bouncer-spa/bouncer/dist/core/client-text.js';

const OLD = '0a'.repeat(32);
const NEW = '0b'.repeat(32);
const OLDER = '0c'.repeat(32);
const UNTIL = new Date('2027-01-31T12:34:56.789Z');

describe('The file of a new client', () => {
  it('says what the client may, and nothing that is usual', () => {
    const alice = {
      name: 'alice',
      seed: OLD,
      actions: ['ssh'],
      from: [],
      notAfter: undefined,
      bind: undefined,
    };
    expect(clientText(alice)).to.equal(`[clients.alice]\nseed = "${OLD}"\nactions = ["ssh"]\n`);
  });

  it('has networks, a last day and a binding if they are given, and its name in quotes if it has a dot', () => {
    const text = clientText({
      name: 'al.ice',
      seed: OLD,
      actions: ['ssh', 'vpn'],
      from: ['192.0.2.0/24', '2001:db8::/32'],
      notAfter: '2027-06-30',
      bind: 'strict',
    });
    expect(text).to.equal(`[clients."al.ice"]
seed = "${OLD}"
actions = ["ssh", "vpn"]
from = ["192.0.2.0/24", "2001:db8::/32"]
not_after = 2027-06-30
bind = "strict"
`);
    expect(parse(text)).to.have.nested.property('clients.al\\.ice.seed');
  });
});

describe("A client's file with another seed", () => {
  const written = `# Alice, of the harbour office
[clients.alice]
  seed = "${OLD}"     # made in May
actions = ["ssh"]  # for now
`;

  it('keeps the old one until it ends, and every word and space of the administrator', () => {
    expect(withSeed(written, NEW, { seed: OLD, until: UNTIL })).to.equal(`# Alice, of the harbour office
[clients.alice]
  seed = "${NEW}"     # made in May
previous_seed = "${OLD}"
previous_until = 2027-01-31T12:34:56Z
actions = ["ssh"]  # for now
`);
  });

  it('has one previous seed only, the latest', () => {
    const once = withSeed(written, OLD, { seed: OLDER, until: UNTIL }) ?? '';
    const twice = withSeed(once, NEW, { seed: OLD, until: UNTIL }) ?? '';
    expect(twice).to.include(OLD).and.to.not.include(OLDER);
    expect(twice).to.equal(withSeed(written, NEW, { seed: OLD, until: UNTIL }));
  });

  it('has none if the old one is to end at once', () => {
    const twice = withSeed(withSeed(written, OLD, { seed: OLDER, until: UNTIL }) ?? '', NEW, undefined);
    expect(twice).to.equal(written.replace(OLD, NEW));
  });

  it('loses the previous seed however its administrator has set it out, and no line that only speaks of it', () => {
    const told = `${written}# previous_seed = "${OLDER}" was lost\nnote = "no previous_until = here"\n`;
    const previously = `${told}previous_seed="${OLDER}"
\t previous_until  =  2027-01-01T00:00:00Z
`;
    expect(withSeed(previously, NEW, undefined)).to.equal(told.replace(OLD, NEW));
  });

  it('has it on its first line too, in whatever quotes and letters', () => {
    expect(withSeed(`seed='${OLD.toUpperCase()}'\nactions = []`, NEW, undefined)).to.equal(
      `seed="${NEW}"\nactions = []`,
    );
  });

  for (const [what, text] of [
    ['is on no line', '[clients.alice]\nactions = []\n'],
    ['is on two lines', `${written}[clients.bob]\nseed = "${NEW}"\n`],
    ['is within another line', `clients.alice = { seed = "${OLD}", actions = [] }\n`],
  ] as const) {
    it(`is not made where the seed ${what}`, () => {
      expect(withSeed(text, NEW, undefined)).to.equal(undefined);
    });
  }
});

describe('The profile of a bundle', () => {
  const ssh = { name: 'ssh', code: 21, opens: ['tcp/22', 'tcp/2222'] };
  const vpn = { name: 'vpn.home', code: 22, opens: [] };
  const server = { host: 'gw1.example.net', port: 51_324, serverId: 'gw1.example.net', namesSource: false };

  it('names the only action as the usual one, and what it opens', () => {
    expect(profileOf({ ...server, actions: [ssh] })).to.equal(`host = "gw1.example.net"
port = 51324
default_action = "ssh"

[actions.ssh]
code = 21
opens = ["tcp/22", "tcp/2222"]
`);
  });

  it('has the server id where it is not the host, and actions that open nothing by their code alone', () => {
    expect(profileOf({ ...server, host: '2001:db8::1', actions: [ssh, vpn] })).to.equal(`host = "2001:db8::1"
port = 51324
server_id = "gw1.example.net"

[actions]
"vpn.home" = 22

[actions.ssh]
code = 21
opens = ["tcp/22", "tcp/2222"]
`);
  });

  it('has packets name their source where the server wants that', () => {
    expect(profileOf({ ...server, namesSource: true, actions: [vpn] })).to.equal(`host = "gw1.example.net"
port = 51324
default_action = "vpn.home"
allow = "source"

[actions]
"vpn.home" = 22
`);
  });

  it('leaves out an action whose name is a number, which opener takes for a code', () => {
    for (const name of ['7', '07', '4711'])
      expect(profileOf({ ...server, actions: [{ name, code: 8, opens: [] }] }), name).to.equal(
        'host = "gw1.example.net"\nport = 51324\n',
      );
  });

  it('has an action whose name only has digits in it', () => {
    for (const name of ['7zip', 'web1', '1-1'])
      expect(parse(profileOf({ ...server, actions: [{ name, code: 8, opens: [] }] }))).to.deep.include({
        default_action: name,
        actions: { [name]: 8 },
      });
  });
});
