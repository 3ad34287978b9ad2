import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  minute,
  seal,
  seed,
  serverId,
  type Sealer,
} from '@bouncer-spa/protocol';
import type { Datagram } from '@bouncer-spa/bouncer/dist/core/datagram.js';
import { Examiner } from '@bouncer-spa/bouncer/dist/core/diagnosis.js';
import {
  diagnosisClaim,
  diagnosisText,
  diagnosisWord,
} from '@bouncer-spa/bouncer/dist/core/diagnosis-text.js';
import { parseNetwork, type Network } from '@bouncer-spa/bouncer/dist/core/network.js';
import type { Client, Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { expect } from 'chai';

const ID = serverId('gate.example.org');
const GATE = deriveGateSubkey(gateKey(new Uint8Array(32).fill(1)), ID);
const OLD_GATE = deriveGateSubkey(gateKey(new Uint8Array(32).fill(8)), ID);
const MINUTE = 60_000;
const NOW = 1_767_225_625_500;
const SOURCE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1);

const NOBODY: Network[] = [];
const EVERYBODY = ['0.0.0.0/0', '::/0'].map((text) => {
  const network = parseNetwork(text);
  if (typeof network === 'string') throw new Error(network);
  return network;
});

function clientOf(name: string, first: number, from: readonly Network[]): Client {
  return {
    name,
    keys: deriveClientKeys(seed(new Uint8Array(32).fill(first)), ID),
    actions: new Set(['ssh']),
    from,
    notAfter: undefined,
    bind: 'source',
    maxDuration: undefined,
    mostGrants: 16,
  };
}

const alice = clientOf('alice', 2, EVERYBODY);
const bob = clientOf('bob', 3, NOBODY);
const stranger = clientOf('stranger', 9, EVERYBODY);

const policy: Policy = {
  serverId: ID,
  gate: GATE,
  delta: 2,
  clients: [alice, bob],
  actions: [
    {
      name: 'ssh',
      code: actionCode(21),
      deed: { kind: 'run', run: ['/bin/true'], timeout: 20_000 },
      argument: undefined,
      duration: 30,
      maxDuration: 600,
    },
  ],
};

/** @param minutes how far the sender's clock is ahead */
function sealed(
  { keys }: Client,
  {
    minutes = 0,
    gate = GATE,
    id = ID,
    code = 21,
  }: Partial<{ minutes: number; gate: Uint8Array; id: Sealer['serverId']; code: number }> = {},
): Uint8Array {
  const message = {
    actionCode: actionCode(code),
    duration: 0,
    time: NOW + minutes * MINUTE,
    address: undefined,
    argument: '',
  };
  return seal({ serverId: id, gate, client: keys }, message);
}

function datagramOf(payload: Uint8Array): Datagram {
  return { payload, source: SOURCE, sourcePort: 4_660, destination: SOURCE, destinationPort: 51_324 };
}

/** What an examiner that has seen nothing says, as its word and its sentence. */
function finding(payload: Uint8Array): readonly [string, string] {
  const datagram = datagramOf(payload);
  const diagnosis = new Examiner(policy, { floor: minute(0), tags: [] }).examine(datagram, {
    unix: NOW,
    monotonic: 0,
  });
  return [diagnosisWord(diagnosis), diagnosisText(diagnosis, datagram)];
}

describe('A diagnosis', () => {
  it('of a packet that is accepted says for whom', () => {
    expect(finding(sealed(alice))).to.deep.equal(['accept', 'accepted: alice (ssh) for 198.51.100.1']);
  });

  it('of something else says how large it is and how large packets are', () => {
    const [word, text] = finding(Buffer.from('knock knock'));
    expect(word).to.equal('length');
    expect(text).to.equal('no packet: it has 11 bytes, a packet has 124 to 508, in steps of 16');
  });

  for (const [minutes, text] of [
    [-3, '3 minutes ago: the clock there is slow'],
    [-1_440, '1440 minutes ago: the clock there is slow'],
    [7, '7 minutes ahead: the clock there is fast'],
    [1_440, '1440 minutes ahead: the clock there is fast'],
  ] as const) {
    it(`names who has a clock that is off by ${minutes} minutes`, () => {
      const [word, sentence] = finding(sealed(alice, { minutes }));
      expect(word).to.equal('clock');
      expect(sentence).to.include(`sealed by alice (ssh) ${text}`);
    });
  }

  it('says "1 minute" of one minute, where the window is no wider', () => {
    const strict = new Examiner({ ...policy, delta: 0 }, { floor: minute(0), tags: [] });
    for (const [minutes, text] of [
      [-1, '1 minute ago'],
      [1, '1 minute ahead'],
    ] as const) {
      const datagram = datagramOf(sealed(alice, { minutes }));
      const diagnosis = strict.examine(datagram, { unix: NOW, monotonic: 0 });
      expect(diagnosisText(diagnosis, datagram)).to.include(`sealed by alice (ssh) ${text}: the clock`);
    }
  });

  it('does not look farther than a day either way', () => {
    expect(finding(sealed(alice, { minutes: -1_441 }))[0]).to.equal('gate');
    expect(finding(sealed(alice, { minutes: 1_441 }))[0]).to.equal('gate');
  });

  it('looks in other minutes for no longer than it may, however often a capture jumps in time', () => {
    const examiner = new Examiner(policy, { floor: minute(0), tags: [] }, 3 * 2_881);
    const late = datagramOf(sealed(alice, { minutes: -7 }));
    const examine = (unix: number): string => diagnosisWord(examiner.examine(late, { unix, monotonic: 0 }));
    for (const days of [3, 6]) expect(examine(NOW + days * 1_440 * MINUTE)).to.equal('gate');
    expect([examine(NOW), examiner.unsearched]).to.deep.equal(['clock', 0]);
    expect([examine(NOW), examiner.unsearched]).to.deep.equal(['gate', 1]);
  });

  it('does not name a client whose packet of another minute was changed on the way', () => {
    const packet = Uint8Array.from(sealed(alice, { minutes: -7 }));
    packet[50] = (packet[50] ?? 0) ^ 1;
    const [word, text] = finding(packet);
    expect(word).to.equal('minute');
    expect(text)
      .to.match(/^for this server, 7 minutes ago, but by nobody it knows/)
      .and.not.include('alice');
  });

  it('tells a stranger with the gate key, and an action code that nobody has, from another server', () => {
    expect(finding(sealed(stranger))[0]).to.equal('locator');
    expect(finding(sealed(alice, { code: 99 }))[0]).to.equal('locator');
    expect(finding(sealed(stranger, { minutes: 9 }))[0]).to.equal('minute');
    expect(
      finding(
        sealed(alice, {
          gate: deriveGateSubkey(gateKey(new Uint8Array(32).fill(8)), ID),
          id: serverId('other.example.org'),
        }),
      )[0],
    ).to.equal('gate');
  });

  it('knows a client by its seed that has an old gate key', () => {
    const [word, text] = finding(sealed(alice, { gate: OLD_GATE }));
    expect(word).to.equal('gate-key');
    expect(text).to.equal('sealed by alice (ssh) with another gate key: give the client a new bundle');
  });

  it('of a packet that the policy refuses names the client and the key to look at', () => {
    const [word, text] = finding(sealed(bob));
    expect(word).to.equal('network');
    expect(text).to.equal(
      'bob (ssh): the source is in none of the networks of the client: see from in its table',
    );
  });

  it('knows what is older than all that could be told from a replay of what it has seen', () => {
    const examiner = new Examiner(policy, { floor: minute(0), tags: [] });
    const examine = (minutes: number, unix: number): string =>
      diagnosisWord(examiner.examine(datagramOf(sealed(alice, { minutes })), { unix, monotonic: 0 }));
    expect(examine(2, NOW)).to.equal('accept');
    expect(examine(-3, NOW - MINUTE)).to.equal('stale');
    expect(examine(-2, NOW - MINUTE)).to.equal('accept');
  });

  it('knows a replay of what the policy has refused', () => {
    const packet = sealed(bob);
    const examiner = new Examiner(policy, { floor: minute(0), tags: [] });
    const words = [0, 60_000].map((monotonic) =>
      diagnosisWord(examiner.examine(datagramOf(packet), { unix: NOW, monotonic })),
    );
    expect(words).to.deep.equal(['network', 'replay']);
  });

  it('knows a replay of what it has seen, and of what was accepted before', () => {
    const packet = sealed(alice);
    const examiner = new Examiner(policy, { floor: minute(0), tags: [] });
    const words = [0, 1_000, 60_000].map((monotonic) =>
      diagnosisWord(examiner.examine(datagramOf(packet), { unix: NOW, monotonic })),
    );
    expect(words).to.deep.equal(['accept', 'duplicate', 'replay']);
    const tags = [{ minute: minute(Math.floor(NOW / MINUTE)), tag: packet.subarray(-32) }];
    const informed = new Examiner(policy, { floor: minute(0), tags });
    const diagnosis = informed.examine(datagramOf(packet), { unix: NOW, monotonic: 0 });
    expect(diagnosisWord(diagnosis)).to.equal('replay');
  });

  it('of a packet that was accepted once says so, and no more where nothing can be done', () => {
    const datagram = datagramOf(sealed(alice));
    const examiner = new Examiner(policy, { floor: minute(0), tags: [] });
    examiner.examine(datagram, { unix: NOW, monotonic: 0 });
    const diagnosis = examiner.examine(datagram, { unix: NOW, monotonic: 60_000 });
    expect(diagnosisText(diagnosis, datagram)).to.equal('alice (ssh): already accepted once');
  });

  for (const [what, payload, client] of [
    ['that is accepted', sealed(alice), 'alice'],
    ['that the policy refuses', sealed(bob), 'bob'],
    ['of another minute', sealed(alice, { minutes: 7 }), 'alice'],
    ['of an old gate key', sealed(alice, { gate: OLD_GATE }), 'alice'],
    ['of a stranger', sealed(stranger), undefined],
    ['of a stranger of another minute', sealed(stranger, { minutes: 7 }), undefined],
  ] as const) {
    it(`of a packet ${what} knows ${client ?? 'nobody'} as the one it claims to be from`, () => {
      const examiner = new Examiner(policy, { floor: minute(0), tags: [] });
      const diagnosis = examiner.examine(datagramOf(payload), { unix: NOW, monotonic: 0 });
      expect(diagnosisClaim(diagnosis)?.client).to.equal(client);
    });
  }
});
