import { expect } from 'chai';
import fc from 'fast-check';
import { actionCode, deriveGateSubkey, gateKey, minute, serverId } from '@bouncer-spa/protocol';
import type { Datagram } from '@bouncer-spa/bouncer/dist/core/datagram.js';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import {
  actionEnvironment,
  actionValues,
  fillIn,
  isPlaceholder,
  miswrittenIn,
  PLACEHOLDERS,
  placeholdersIn,
  type ActionValues,
} from '@bouncer-spa/bouncer/dist/core/template.js';
import type { Accept } from '@bouncer-spa/bouncer/dist/core/verdict.js';

function ipv4(...octets: number[]): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...octets);
}

const VALUES: ActionValues = {
  server: 'gate.example.org',
  client: 'alice',
  action: 'vpn',
  code: '23',
  address: '192.0.2.7',
  source: '198.51.100.1',
  port: '40000',
  duration: '30',
  argument: 'web1',
};

describe('actionValues', () => {
  const id = serverId('gate.example.org');
  const policy: Policy = {
    serverId: id,
    gate: deriveGateSubkey(gateKey(new Uint8Array(32)), id),
    delta: 2,
    clients: [],
    actions: [],
  };
  const datagram: Datagram = {
    source: ipv4(198, 51, 100, 1),
    sourcePort: 40_000,
    destination: ipv4(198, 51, 100, 2),
    destinationPort: 51_324,
    payload: new Uint8Array(),
  };
  const accept: Accept = {
    accepted: true,
    claim: { client: 'alice', action: 'vpn', code: actionCode(23), minute: minute(29_453_760) },
    tag: new Uint8Array(32),
    address: ipv4(192, 0, 2, 7),
    duration: 30,
    argument: 'web1',
    deed: { kind: 'run', run: ['/bin/true'], timeout: 1_000 },
    mostGrants: 16,
  };

  it('says server, client, action, addresses, port, duration and argument as text', () => {
    expect(actionValues(policy, datagram, accept)).to.deep.equal(VALUES);
  });

  it('writes IPv6 addresses as RFC 5952 says', () => {
    const address = Uint8Array.from(Buffer.from('20010db8000000000000000a00000001', 'hex'));
    const values = actionValues(policy, { ...datagram, source: address }, { ...accept, address });
    expect(values).to.deep.include({ address: '2001:db8::a:0:1', source: '2001:db8::a:0:1' });
  });

  it('says nothing of where a packet came from that was handed in without that', () => {
    const values = actionValues(policy, { ...datagram, source: undefined, sourcePort: 0 }, accept);
    expect(values).to.deep.equal({ ...VALUES, source: '', port: '0' });
  });
});

describe('fillIn', () => {
  it('puts every value in where its name stands in braces', () => {
    for (const name of PLACEHOLDERS) expect(fillIn([`{${name}}`], VALUES)).to.deep.equal([VALUES[name]]);
    expect(fillIn(['/usr/local/sbin/vpn-open', '{address}', '--for={duration}s'], VALUES)).to.deep.equal([
      '/usr/local/sbin/vpn-open',
      '192.0.2.7',
      '--for=30s',
    ]);
  });

  it('puts a value in as often as it is named, also without anything between', () => {
    expect(fillIn(['{client}{client}-{action}{code}', '{client}'], VALUES)).to.deep.equal([
      'alicealice-vpn23',
      'alice',
    ]);
  });

  it('leaves one word one word, whatever the value contains', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('', ' ', 'a b', '\n', '"; rm -rf /', '$(id)', '`id`', '*', '-rf', "'", '\\'),
    );
    fc.assert(
      fc.property(nasty, (argument) => {
        const words = fillIn(['program', '{argument}', '--name={argument}', 'x'], { ...VALUES, argument });
        expect(words).to.deep.equal(['program', argument, `--name=${argument}`, 'x']);
      }),
    );
  });

  it('does not look again at braces that a value brings along', () => {
    for (const argument of ['{client}', '{argument}', '{address}{argument}', '{', '}', '{{client}}']) {
      expect(fillIn(['{argument}'], { ...VALUES, argument })).to.deep.equal([argument]);
      expect(fillIn(['{argument}client}', '{{argument}}'], { ...VALUES, argument })).to.deep.equal([
        `${argument}client}`,
        `{${argument}}`,
      ]);
    }
  });

  it('does not take dollar signs in a value for anything but dollar signs', () => {
    for (const argument of ['$&', '$$', '$1', "$'", '$`', '$<name>']) {
      expect(fillIn(['a{argument}b'], { ...VALUES, argument })).to.deep.equal([`a${argument}b`]);
    }
  });

  it('leaves braces around anything else as they are', () => {
    const words = [
      '{unknown}',
      '{}',
      '{ client }',
      '{Client}',
      '{client',
      'client}',
      '${HOME}',
      '{a,b}',
      '{constructor}',
      '{client-name}',
    ];
    expect(fillIn(words, VALUES)).to.deep.equal(words);
  });

  it('does not change what it was given', () => {
    const argv = ['{client}'];
    fillIn(argv, VALUES);
    expect(argv).to.deep.equal(['{client}']);
  });
});

describe('placeholdersIn', () => {
  it('lists the names in braces, each once, known or not', () => {
    expect(
      placeholdersIn(['/bin/x', '{address}', 'a{port}b{address}', '{adress}', '{ip_address}']),
    ).to.deep.equal(['address', 'port', 'adress', 'ip_address']);
    expect(placeholdersIn(['/bin/x', '{}', '{ client }', '${HOME}'])).to.deep.equal([]);
    expect(placeholdersIn([])).to.deep.equal([]);
  });

  it('lists whatever fillIn replaces', () => {
    const word = fc.stringMatching(/^[{}a-z]{0,6}(\{(client|address|port)\}){0,2}[{}a-z]{0,6}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (argv) => {
        const changes = fillIn(argv, VALUES).some((filled, at) => filled !== argv[at]);
        expect(placeholdersIn(argv).some(isPlaceholder)).to.equal(changes);
      }),
    );
  });
});

describe('miswrittenIn', () => {
  it('lists each name once that is a placeholder but for its capital letters', () => {
    expect(miswrittenIn(['/bin/x', '{Client}', 'a{ADDRESS}b{Client}', '{sourcE}'])).to.deep.equal([
      'Client',
      'ADDRESS',
      'sourcE',
    ]);
  });

  it('lists neither placeholders, nor what is no placeholder either way, nor variables of a shell', () => {
    expect(miswrittenIn(['{client}', '{Home}', '{adress}', '${CLIENT}', '{Client', '{a,B}'])).to.deep.equal(
      [],
    );
  });
});

describe('isPlaceholder', () => {
  it('knows the placeholders and nothing that merely every object has', () => {
    for (const name of PLACEHOLDERS) expect(isPlaceholder(name)).to.equal(true);
    for (const name of ['', 'adress', 'Client', 'constructor', 'toString', '__proto__', 'length']) {
      expect(isPlaceholder(name), name).to.equal(false);
    }
  });
});

describe('actionEnvironment', () => {
  it('has exactly a path, a locale and the values', () => {
    process.env['BOUNCER_TEST_LEAK'] = 'leaked';
    try {
      expect(actionEnvironment(VALUES)).to.deep.equal({
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        BOUNCER_SERVER: 'gate.example.org',
        BOUNCER_CLIENT: 'alice',
        BOUNCER_ACTION: 'vpn',
        BOUNCER_CODE: '23',
        BOUNCER_ADDRESS: '192.0.2.7',
        BOUNCER_SOURCE: '198.51.100.1',
        BOUNCER_PORT: '40000',
        BOUNCER_DURATION: '30',
        BOUNCER_ARGUMENT: 'web1',
      });
    } finally {
      delete process.env['BOUNCER_TEST_LEAK'];
    }
  });

  it('hands the argument over untouched', () => {
    const argument = '{client} $(id)\n"';
    expect(actionEnvironment({ ...VALUES, argument })).to.deep.include({ BOUNCER_ARGUMENT: argument });
  });
});
