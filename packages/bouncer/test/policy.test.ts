import { expect } from 'chai';
import { actionCode, deriveClientKeys, seed, serverId, type Message } from '@bouncer-spa/protocol';
import { parseNetwork, type Network } from '@bouncer-spa/bouncer/dist/core/network.js';
import { authorize, type Action, type Bind, type Client } from '@bouncer-spa/bouncer/dist/core/policy.js';

function ipv4(...octets: number[]): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...octets);
}

function networks(...texts: string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (typeof network === 'string') throw new Error(network);
    return network;
  });
}

const NOW = 1_767_225_625_500;
const SOURCE = ipv4(198, 51, 100, 1);
const OTHER = ipv4(203, 0, 113, 9);
const IPV6 = Uint8Array.from(Buffer.from('20010db8000000000000000a00000001', 'hex'));

const client: Client = {
  name: 'alice',
  keys: deriveClientKeys(seed(new Uint8Array(32)), serverId('gate.example.org')),
  actions: new Set(['ssh']),
  from: networks('0.0.0.0/0', '::/0'),
  notAfter: undefined,
  bind: 'source',
  maxDuration: undefined,
  mostGrants: 16,
};

const action: Action = {
  name: 'ssh',
  code: actionCode(21),
  deed: { kind: 'run', run: ['/bin/true'], timeout: 20_000 },
  argument: undefined,
  duration: 30,
  maxDuration: 600,
};

const message: Message = {
  actionCode: actionCode(21),
  duration: 0,
  time: NOW,
  address: undefined,
  argument: '',
};

interface Case {
  readonly client?: Partial<Client>;
  readonly action?: Partial<Action>;
  readonly message?: Partial<Message>;
  readonly source?: Uint8Array;
  readonly now?: number;
}

function decide(change: Case): ReturnType<typeof authorize> {
  return authorize(
    { ...client, ...change.client },
    { ...action, ...change.action },
    { ...message, ...change.message },
    change.source ?? SOURCE,
    change.now ?? NOW,
  );
}

describe('the actions of a client', () => {
  it('are the ones it may use', () => {
    expect(decide({ client: { actions: new Set(['vpn', 'ssh']) } })).to.deep.equal({
      address: SOURCE,
      duration: 30,
    });
    expect(decide({ client: { actions: new Set(['vpn']) } })).to.equal('action');
    expect(decide({ client: { actions: new Set() } })).to.equal('action');
  });
});

describe('the networks of a client', () => {
  it('let IPv4 sources in by an IPv4 network alone', () => {
    expect(decide({ client: { from: networks('198.51.100.0/24') } })).to.be.an('object');
    expect(decide({ client: { from: networks('198.51.100.0/32') } })).to.equal('network');
    expect(decide({ client: { from: networks('::/0') } })).to.equal('network');
  });

  it('let IPv6 sources in by an IPv6 network alone', () => {
    expect(decide({ source: IPV6, client: { from: networks('2001:db8::/32') } })).to.be.an('object');
    expect(decide({ source: IPV6, client: { from: networks('2001:db9::/32') } })).to.equal('network');
    expect(decide({ source: IPV6, client: { from: networks('0.0.0.0/0') } })).to.equal('network');
  });

  it('let in by any one of them, and by none if there is none', () => {
    expect(decide({ client: { from: networks('::/0', '192.0.2.0/24', '198.51.100.1') } })).to.be.an('object');
    expect(decide({ client: { from: [] } })).to.equal('network');
  });

  it('are about the source of the datagram, not about the address that the packet names', () => {
    const bind: Bind = 'any';
    const from = networks('198.51.100.0/24');
    expect(decide({ client: { bind, from }, message: { address: OTHER } })).to.be.an('object');
    expect(decide({ client: { bind, from }, message: { address: SOURCE }, source: OTHER })).to.equal(
      'network',
    );
  });
});

describe('the end of a client', () => {
  it('is the first millisecond at which nothing is accepted', () => {
    expect(decide({ client: { notAfter: NOW + 1 } })).to.be.an('object');
    expect(decide({ client: { notAfter: NOW } })).to.equal('expired');
    expect(decide({ client: { notAfter: NOW - 1 } })).to.equal('expired');
  });

  it('may be the very beginning of time', () => {
    expect(decide({ client: { notAfter: 0 } })).to.equal('expired');
  });

  it('is judged by the clock of the server, not by the time of sealing', () => {
    const notAfter = NOW + 1000;
    expect(decide({ client: { notAfter }, message: { time: notAfter + 1 } })).to.be.an('object');
    expect(decide({ client: { notAfter }, message: { time: NOW }, now: notAfter })).to.equal('expired');
  });
});

describe('the address to act for', () => {
  const named = (bind: Bind, address: Uint8Array | undefined, source = SOURCE) =>
    decide({ client: { bind }, message: { address }, source });

  it('bound to the source is the source, and no packet may name another', () => {
    expect(named('source', undefined)).to.deep.include({ address: SOURCE });
    expect(named('source', Uint8Array.from(SOURCE))).to.deep.include({ address: SOURCE });
    expect(named('source', OTHER)).to.equal('address');
    expect(named('source', IPV6)).to.equal('address');
  });

  it('bound strictly has to be named and to be the source', () => {
    expect(named('strict', undefined)).to.equal('address');
    expect(named('strict', Uint8Array.from(SOURCE))).to.deep.include({ address: SOURCE });
    expect(named('strict', OTHER)).to.equal('address');
    expect(named('strict', SOURCE, OTHER)).to.equal('address');
  });

  it('bound to nothing is what the packet names, else the source', () => {
    expect(named('any', undefined)).to.deep.include({ address: SOURCE });
    expect(named('any', OTHER)).to.deep.include({ address: OTHER });
    expect(named('any', IPV6)).to.deep.include({ address: IPV6 });
    expect(named('any', SOURCE, IPV6)).to.deep.include({ address: SOURCE });
  });

  it('is compared in every byte', () => {
    for (let at = 0; at < 16; at++) {
      const other = Uint8Array.from(IPV6);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(named('strict', other, IPV6), `byte ${at}`).to.equal('address');
    }
    expect(named('strict', Uint8Array.from(IPV6), IPV6)).to.deep.include({ address: IPV6 });
  });
});

describe('the argument', () => {
  it('has to be empty for an action without a pattern', () => {
    expect(decide({ message: { argument: '' } })).to.be.an('object');
    expect(decide({ message: { argument: 'x' } })).to.equal('pattern');
  });

  it('has to match the pattern of the action, also when it is empty', () => {
    const argument = /^[a-z]{1,8}$/u;
    expect(decide({ action: { argument }, message: { argument: 'web' } })).to.be.an('object');
    expect(decide({ action: { argument }, message: { argument: 'web1' } })).to.equal('pattern');
    expect(decide({ action: { argument }, message: { argument: 'web\n' } })).to.equal('pattern');
    expect(decide({ action: { argument }, message: { argument: '' } })).to.equal('pattern');
    expect(decide({ action: { argument: /^$|^x$/u }, message: { argument: '' } })).to.be.an('object');
  });

  it('is judged the same way every time', () => {
    const change: Case = { action: { argument: /^web$/u }, message: { argument: 'web' } };
    for (let time = 0; time < 3; time++) expect(decide(change)).to.be.an('object');
  });
});

describe('the duration', () => {
  const granted = (asked: number, duration: number, maxDuration: number) =>
    decide({ action: { duration, maxDuration }, message: { duration: asked } });

  it("is the action's own when the packet asks for nothing", () => {
    expect(granted(0, 30, 600)).to.deep.include({ duration: 30 });
  });

  it('is what the packet asks for, shorter or longer than the own one', () => {
    expect(granted(1, 30, 600)).to.deep.include({ duration: 1 });
    expect(granted(599, 30, 600)).to.deep.include({ duration: 599 });
    expect(granted(600, 30, 600)).to.deep.include({ duration: 600 });
  });

  it('is never more than the most', () => {
    expect(granted(601, 30, 600)).to.deep.include({ duration: 600 });
    expect(granted(2 ** 32 - 1, 30, 600)).to.deep.include({ duration: 600 });
    expect(granted(0, 700, 600)).to.deep.include({ duration: 600 });
  });

  it('is never more than the most of the client', () => {
    expect(decide({ client: { maxDuration: 20 } })).to.deep.include({ duration: 20 });
    expect(decide({ client: { maxDuration: 40 } })).to.deep.include({ duration: 30 });
  });

  it('ends with the time of the client, to the second', () => {
    for (const [left, duration] of [
      [60_000, 30],
      [20_000, 20],
      [19_001, 20],
      [1, 1],
    ] as const)
      expect(decide({ client: { notAfter: NOW + left } }), String(left)).to.deep.include({ duration });
  });

  it('is 0 for an action that has none, whatever the packet asks for', () => {
    expect(granted(0, 0, 0)).to.deep.include({ duration: 0 });
    expect(granted(30, 0, 0)).to.deep.include({ duration: 0 });
    expect(granted(2 ** 32 - 1, 0, 0)).to.deep.include({ duration: 0 });
  });
});

describe('the order of the policy', () => {
  const faults: Record<'action' | 'network' | 'expired' | 'address' | 'pattern', Case> = {
    action: { client: { actions: new Set() } },
    network: { client: { from: [] } },
    expired: { client: { notAfter: NOW } },
    address: { client: { bind: 'strict' } },
    pattern: { message: { argument: 'x' } },
  };

  it('gives the reason of the earliest check that fails', () => {
    const reasons = Object.keys(faults) as (keyof typeof faults)[];
    reasons.forEach((earlier, at) => {
      expect(decide(faults[earlier])).to.equal(earlier);
      for (const later of reasons.slice(at + 1)) {
        const both = {
          client: { ...faults[earlier].client, ...faults[later].client },
          message: { ...faults[earlier].message, ...faults[later].message },
        };
        expect(decide(both), `${earlier} and ${later}`).to.equal(earlier);
      }
    });
  });
});
