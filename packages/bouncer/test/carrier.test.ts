import { expect } from 'chai';
import fc from 'fast-check';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  MAX_DELTA,
  minute,
  minuteOf,
  seal,
  seed,
  serverId,
} from '@bouncer-spa/protocol';
import { carrierSearch } from '@bouncer-spa/bouncer/dist/core/minute-search.js';
import { WindowTables } from '@bouncer-spa/bouncer/dist/core/minute-table.js';
import { parseNetwork, type Network } from '@bouncer-spa/bouncer/dist/core/network.js';
import type { Action, Client, Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ReplayCache, type ReplayRecord } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import type { RejectReason } from '@bouncer-spa/bouncer/dist/core/verdict.js';
import { verify, windowWidth, type Verifier } from '@bouncer-spa/bouncer/dist/core/verify.js';

const ID = serverId('gate.example.org');
const GATE = deriveGateSubkey(gateKey(new Uint8Array(32).fill(1)), ID);
const CODE = actionCode(21);
const KEYS = deriveClientKeys(seed(new Uint8Array(32).fill(2)), ID);
const SOURCE = Uint8Array.from(Buffer.from('00000000000000000000ffffc6336401', 'hex'));
const NAMED = Uint8Array.from(Buffer.from('00000000000000000000ffffcb007109', 'hex'));
const MINUTE = 60_000;
const NOW = 29_453_760 * MINUTE + 25_500;

const ssh: Action = {
  name: 'ssh',
  code: CODE,
  deed: { kind: 'run', run: ['/bin/true'], timeout: 20_000 },
  argument: undefined,
  duration: 30,
  maxDuration: 600,
};

const EVERYWHERE = networks('0.0.0.0/0', '::/0');

function networks(...texts: string[]): Network[] {
  return texts.map((text) => {
    const parsed = parseNetwork(text);
    if (typeof parsed === 'string') throw new Error(parsed);
    return parsed;
  });
}

function policyOf(delta: number, change: Partial<Client> = {}): Policy {
  const client: Client = {
    name: 'alice',
    keys: KEYS,
    actions: new Set(['ssh']),
    from: EVERYWHERE,
    notAfter: undefined,
    bind: 'any',
    maxDuration: undefined,
    mostGrants: 16,
    ...change,
  };
  return { serverId: ID, gate: GATE, delta, clients: [client], actions: [ssh] };
}

function verifierOf(
  policy: Policy,
  age: number | undefined,
  replay = new ReplayCache({ floor: minute(0), tags: [] }),
): Verifier {
  const carriers = age === undefined ? undefined : carrierSearch(policy, age);
  return { policy, window: new WindowTables(policy), carriers, replay };
}

function sealed(time: number, address: Uint8Array | 'none' = NAMED): Uint8Array {
  const named = address === 'none' ? undefined : address;
  const message = { actionCode: CODE, duration: 0, time, address: named, argument: '' };
  return seal({ serverId: ID, gate: GATE, client: KEYS }, message);
}

type Way = 'wire' | 'carrier';

/** Presents a packet as the daemon does. */
function present(
  verifier: Verifier,
  payload: Uint8Array,
  way: Way,
  unix: number,
  records: ReplayRecord[] = [],
): RejectReason | 'accepted' {
  const source = way === 'wire' ? SOURCE : undefined;
  const verdict = verify(verifier, { payload, source, sourcePort: 0 }, { unix, monotonic: 0 });
  if (!verdict.accepted) {
    if (verdict.tag !== undefined) verifier.replay.spend(verdict.tag, source, 0);
    return verdict.reason;
  }
  const { claim, tag } = verdict;
  records.push(verifier.replay.remember(claim.minute, tag, windowWidth(verifier), source, 0));
  return 'accepted';
}

describe('A packet that a carrier brings', () => {
  it('may be as old as the limit, to the minute, and as far ahead as any other', () => {
    for (const [minutes, expected] of [
      [-31, 'gate'],
      [-30, 'accepted'],
      [-3, 'accepted'],
      [2, 'accepted'],
      [3, 'gate'],
    ] as const) {
      const packet = sealed(NOW + minutes * MINUTE);
      expect(present(verifierOf(policyOf(2), 30), packet, 'carrier', NOW), String(minutes)).to.equal(
        expected,
      );
    }
  });

  it('does not make older datagrams acceptable', () => {
    const verifier = verifierOf(policyOf(2), 30);
    expect(present(verifier, sealed(NOW - 3 * MINUTE), 'wire', NOW)).to.equal('gate');
  });

  it('is not taken where carriers are not trusted', () => {
    expect(present(verifierOf(policyOf(2), undefined), sealed(NOW), 'carrier', NOW)).to.equal('gate');
  });

  it('is acted on for the address that it names, and refused if it names none', () => {
    const verifier = verifierOf(policyOf(2), 30);
    const payload = sealed(NOW);
    const now = { unix: NOW, monotonic: 0 };
    const verdict = verify(verifier, { payload, source: undefined, sourcePort: 0 }, now);
    expect(verdict).to.deep.include({ accepted: true, address: NAMED });
    expect(present(verifier, sealed(NOW, 'none'), 'carrier', NOW)).to.equal('address');
  });

  for (const bind of ['source', 'strict'] as const) {
    it(`is refused if its client is bound to its source (${bind})`, () => {
      expect(present(verifierOf(policyOf(2, { bind }), 30), sealed(NOW), 'carrier', NOW)).to.equal('address');
    });
  }

  for (const from of [
    ['203.0.113.0/24'],
    ['0.0.0.0/0'],
    ['::/0'],
    ['0.0.0.0/1', '128.0.0.0/1', '::/0'],
    [],
  ]) {
    it(`is refused if its client may send from ${from.join(', ') || 'nowhere'} only`, () => {
      const verifier = verifierOf(policyOf(2, { from: networks(...from) }), 30);
      expect(present(verifier, sealed(NOW), 'carrier', NOW)).to.equal('network');
    });
  }

  it('is refused when the time of its client is over, whenever it was sealed', () => {
    const verifier = verifierOf(policyOf(2, { notAfter: NOW }), 30);
    expect(present(verifier, sealed(NOW - 20 * MINUTE), 'carrier', NOW)).to.equal('expired');
  });

  for (const [first, second] of [
    ['wire', 'carrier'],
    ['carrier', 'wire'],
    ['carrier', 'carrier'],
  ] as const) {
    it(`is a replay by ${second} once it was accepted by ${first}, and no duplicate`, () => {
      const verifier = verifierOf(policyOf(2), 30);
      const packet = sealed(NOW);
      expect(present(verifier, packet, first, NOW)).to.equal('accepted');
      expect(present(verifier, packet, second, NOW)).to.equal('replay');
    });
  }

  it('is spent by a refusal, for datagrams too', () => {
    const verifier = verifierOf(policyOf(2, { bind: 'source' }), 30);
    const packet = sealed(NOW, SOURCE);
    expect(present(verifier, packet, 'carrier', NOW)).to.equal('address');
    expect(present(verifier, packet, 'wire', NOW)).to.equal('replay');
  });

  it('is not refused because of later datagrams that were accepted meanwhile', () => {
    const verifier = verifierOf(policyOf(2), 30);
    const packet = sealed(NOW - 30 * MINUTE);
    expect(present(verifier, sealed(NOW + 2 * MINUTE), 'wire', NOW)).to.equal('accepted');
    expect(present(verifier, packet, 'carrier', NOW)).to.equal('accepted');
    expect(present(verifier, packet, 'carrier', NOW)).to.equal('replay');
  });

  it('has locators kept for a few minutes only, whoever brings junk', () => {
    const tables = carrierSearch(policyOf(2), 1_440);
    const now = minuteOf(NOW);
    const first = new WindowTables(policyOf(2)).around(now)[0];
    const [table] = tables.withGate(first?.gate ?? 0, now);
    expect(table?.minute).to.equal(first?.minute);
    expect(tables.withGate(first?.gate ?? 0, now)[0]).to.equal(table);
    const look = (back: number): void => {
      const other = new WindowTables(policyOf(0)).around(minute(now - back))[0];
      expect(tables.withGate(other?.gate ?? 0, now)).to.have.length(1);
    };
    for (const back of [10, 11, 12]) look(back);
    expect(tables.withGate(first?.gate ?? 0, now)[0]).to.equal(table);
    for (const back of [10, 11, 12, 13]) look(back);
    expect(tables.withGate(first?.gate ?? 0, now)[0]).to.not.equal(table);
  });
});

describe('The gates of the minutes that are looked through', () => {
  it('are computed once, and forgotten with the minutes', () => {
    let computed = 0;
    const policy: Policy = {
      ...policyOf(2),
      get gate() {
        computed++;
        return GATE;
      },
    };
    const tables = carrierSearch(policy, 30);
    const now = minuteOf(NOW);
    for (const [what, at, more] of [
      ['all at first', now, 33],
      ['none in the same minute', now, 0],
      ['the one that is new in the next', now + 1, 1],
      ['the first again where the clock is stepped back', now, 1],
      ['the one before that', now - 1, 1],
      ['and the last again', now, 1],
    ] as const) {
      const former = computed;
      // No gate is the number 2^32, so that no locators are computed.
      expect(tables.withGate(2 ** 32, minute(at)), what).to.deep.equal([]);
      expect(computed - former, what).to.equal(more);
    }
  });
});

/** One thing that happens, in a history of a server. */
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('seal' as const),
      minutes: fc.constantFrom(-45, -29, -2, 0, 0, 2, 12),
      way: fc.constantFrom<Way>('wire', 'carrier'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('again' as const),
      which: fc.nat(),
      way: fc.constantFrom<Way>('wire', 'carrier'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      minutes: fc.constantFrom(-60, -30, -10, -3, 1, 10, 30, 60),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), forgetful: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reload' as const),
      delta: fc.integer({ min: 0, max: MAX_DELTA }),
      age: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
    }),
  },
);

describe('However packets are brought', () => {
  it('none is accepted twice, through clock steps, changes of both limits and restarts', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
        let unix = NOW;
        let limits: { delta: number; age: number | undefined } = { delta: 2, age: 30 };
        const records: ReplayRecord[] = [];
        const packets: Uint8Array[] = [];
        const accepted = new Set<Uint8Array>();
        let verifier = verifierOf(policyOf(limits.delta), limits.age);
        const take = (packet: Uint8Array, way: Way): void => {
          if (present(verifier, packet, way, unix, records) !== 'accepted') return;
          expect(accepted.has(packet)).to.equal(false);
          accepted.add(packet);
        };
        for (const step of events) {
          if (step.kind === 'seal') {
            const packet = sealed(unix + step.minutes * MINUTE);
            packets.push(packet);
            take(packet, step.way);
          } else if (step.kind === 'again') {
            const packet = packets[step.which % packets.length];
            if (packet !== undefined) take(packet, step.way);
          } else if (step.kind === 'clock') {
            unix += step.minutes * MINUTE;
          } else if (step.kind === 'reload') {
            limits = step;
            verifier = verifierOf(policyOf(limits.delta), limits.age, verifier.replay);
          } else {
            const floor = records.at(-1)?.floor ?? minute(0);
            const tags = step.forgetful ? records.filter((record) => record.minute >= floor) : records;
            verifier = verifierOf(policyOf(limits.delta), limits.age, new ReplayCache({ floor, tags }));
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('none that the windows allow is refused by the floor, while the clock runs forward and no limit rises', () => {
    const arrival = fc.record({
      pause: fc.integer({ min: 0, max: 20 }),
      back: fc.nat(100),
      way: fc.constantFrom<Way>('wire', 'carrier'),
    });
    const delta = fc.integer({ min: 0, max: MAX_DELTA });
    fc.assert(
      fc.property(
        delta,
        fc.integer({ min: 0, max: 40 }),
        fc.array(arrival, { maxLength: 40, size: 'max' }),
        (ahead, age, arrivals) => {
          const verifier = verifierOf(policyOf(ahead), age);
          let unix = NOW;
          for (const { pause, back, way } of arrivals) {
            unix += pause * MINUTE;
            const oldest = way === 'wire' ? ahead : Math.max(age, ahead);
            const minutes = ahead - (back % (ahead + oldest + 1));
            expect(present(verifier, sealed(unix + minutes * MINUTE), way, unix)).to.equal('accepted');
          }
          expect(verifier.replay.floor).to.be.at.most(minuteOf(unix) - Math.max(age, ahead));
        },
      ),
      { numRuns: 150 },
    );
  });
});
