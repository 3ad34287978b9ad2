import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { actionCode, deriveClientKeys, seed, serverId } from '@bouncer-spa/protocol';
import {
  ClusterLedger,
  clusterGrantOf,
  grantFrom,
  type ClusterGrant,
  type GrantName,
} from '@bouncer-spa/bouncer/dist/core/cluster-grant.js';
import type { Grant } from '@bouncer-spa/bouncer/dist/core/grants.js';
import { later } from '@bouncer-spa/bouncer/dist/core/moment.js';
import type { Action, Client } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ClusterGrants } from '@bouncer-spa/bouncer/dist/system/cluster-grants.js';
import { createLog } from '@bouncer-spa/bouncer/dist/system/log.js';
import { openGrant, sealGrant } from '@bouncer-spa/bouncer/dist/system/cluster-seal.js';

const ID = serverId('gate.example.org');
const NOW = { unix: 1_800_000_000_000, monotonic: 5_000 };
const DOOR = { kind: 'ports', ports: [{ transport: 'tcp', first: 22, last: 22 }] } as const;

const ALICE: Client = {
  name: 'alice',
  keys: deriveClientKeys(seed(randomBytes(32)), ID),
  actions: new Set(['ssh']),
  from: [],
  notAfter: undefined,
  bind: 'source',
  maxDuration: undefined,
  mostGrants: 16,
};

const BOB: Client = { ...ALICE, name: 'bob', keys: deriveClientKeys(seed(randomBytes(32)), ID) };

const SSH: Action = {
  name: 'ssh',
  code: actionCode(21),
  deed: { kind: 'open', door: DOOR },
  argument: undefined,
  duration: 30,
  maxDuration: 600,
};

function told(change: Partial<ClusterGrant> = {}): ClusterGrant {
  const address = Uint8Array.from(Buffer.from('20010db8000000000000000000000007', 'hex'));
  const [began, end] = [NOW.unix, NOW.unix + 60_000];
  const purpose = { client: 'alice', action: 'ssh', address, argument: '' };
  return { id: '0123abcd', ...purpose, began, end, isRevoked: false, ...change };
}

describe('A grant that another gateway tells of', () => {
  it('is what was sealed by its client, or by the one before', () => {
    const line = sealGrant(told(), ALICE);
    const other = { ...ALICE, keys: deriveClientKeys(seed(randomBytes(32)), ID) };
    for (const clients of [[ALICE], [other, ALICE]])
      expect(openGrant(line, () => clients)).to.deep.equal({ grant: told(), client: ALICE });
    for (const clients of [[], [other]]) expect(openGrant(line, () => clients)).to.equal(undefined);
  });

  it('is nothing when any character of it is another', () => {
    const line = sealGrant(told(), ALICE);
    for (let at = 0; at < line.length; at++) {
      const changed = `${line.slice(0, at)}${line[at] === '7' ? '8' : '7'}${line.slice(at + 1)}`;
      // The last digit of the seal has two bits that say nothing.
      if (at !== 42)
        expect(
          openGrant(changed, () => [ALICE]),
          changed,
        ).to.equal(undefined);
    }
  });

  it('is nothing whatever else it is', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json().map((json) => `${'A'.repeat(43)} ${json}`),
    );
    fc.assert(
      fc.property(text, (line) => {
        expect(openGrant(line, () => [ALICE])).to.equal(undefined);
      }),
    );
    expect(openGrant(sealGrant(told({ argument: 'x'.repeat(3_000) }), ALICE), () => [ALICE])).to.equal(
      undefined,
    );
  });

  for (const [what, change, client, action, seconds] of [
    ['as it is told', {}, {}, {}, 60],
    ['as long as the action may be here', { end: NOW.unix + 3_600_000 }, {}, {}, 600],
    ['as long as the client may have it', { end: NOW.unix + 3_600_000 }, { maxDuration: 90 }, {}, 90],
    ['until the time of the client is over', {}, { notAfter: NOW.unix + 5_000 }, {}, 5],
    ['not at all when it is over', { end: NOW.unix }, {}, {}, undefined],
    ['not at all when the client may not', {}, { actions: new Set<string>() }, {}, undefined],
    [
      'not at all when the action runs a program',
      {},
      {},
      { deed: { kind: 'run', run: ['/bin/true'], timeout: 1 } },
      undefined,
    ],
  ] as const) {
    it(`opens ${what}`, () => {
      const grant = grantFrom(told(change), { ...SSH, ...action }, { ...ALICE, ...client }, NOW);
      expect(grant && (grant.end.monotonic - NOW.monotonic) / 1_000).to.equal(seconds);
      expect(grant && (grant.end.unix - NOW.unix) / 1_000).to.equal(seconds);
      if (grant !== undefined) expect(grant.means).to.deep.equal({ kind: 'open', door: DOOR });
    });
  }

  it('is told of what opens something, and not of leases', () => {
    const { id, client, action, address, argument } = told();
    const grant: Grant = {
      id,
      client,
      action,
      address,
      argument,
      began: NOW,
      end: later(NOW, 60_000),
      means: { kind: 'open', door: DOOR },
    };
    expect(clusterGrantOf(grant, false)).to.deep.equal(told());
    const stop = { argv: ['/bin/true'], environment: {}, timeout: 1 };
    expect(clusterGrantOf({ ...grant, means: { kind: 'lease', stop } }, false)).to.equal(undefined);
  });
});

describe('What is heard of grants at once', () => {
  for (const [what, changes, opens, ends] of [
    [
      'opens each once, until its latest end',
      [{ end: 30_000 }, { end: 60_000 }, { end: 50_000 }],
      [60_000],
      [],
    ],
    [
      'opens nothing that is revoked in it',
      [{ end: 30_000 }, { isRevoked: true }, { end: 60_000 }],
      [],
      ['alice'],
    ],
    [
      'ends and replaces nothing of another client, whose grant has the same id',
      [{ end: 30_000 }, { client: 'bob', isRevoked: true }, { end: 60_000 }],
      [60_000],
      ['bob'],
    ],
  ] as const) {
    it(what, async () => {
      const opened: number[] = [];
      const ended: string[] = [];
      const now = Date.now();
      const keeping = {
        all: () => [],
        adopt: (grants: readonly Grant[]) => {
          opened.push(...grants.map(({ end }) => Math.round(end.unix - now)));
          return Promise.resolve();
        },
        end: (names: readonly GrantName[]) => {
          ended.push(...names.map(({ client }) => client));
          return Promise.resolve();
        },
      };
      const policy = { serverId: ID, gate: randomBytes(64), delta: 2, clients: [ALICE, BOB], actions: [SSH] };
      const grants = new ClusterGrants(keeping, policy, createLog([], 'info'));
      const lines = changes.map(
        ({ end = 40_000, ...change }: { end?: number; isRevoked?: boolean; client?: string }) =>
          sealGrant(told({ ...change, end: now + end }), change.client === 'bob' ? BOB : ALICE),
      );
      await grants.hear(lines);
      expect(opened).to.deep.equal(opens);
      expect(ended).to.deep.equal(ends);
    });
  }
});

describe('Much that is heard of grants', () => {
  const policy = { serverId: ID, gate: randomBytes(64), delta: 2, clients: [ALICE], actions: [SSH] };

  function lineOf(index: number): string {
    const id = index.toString(16).padStart(8, '0');
    return sealGrant(told({ id, end: Date.now() + 60_000 }), ALICE);
  }

  it('lets packets be judged in between', async () => {
    const nothing = { all: () => [], adopt: () => Promise.resolve(), end: () => Promise.resolve() };
    const grants = new ClusterGrants(nothing, policy, createLog([], 'info'));
    let turns = 0;
    const count = (): void => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    await grants.hear(Array.from({ length: 2_000 }, (_, index) => lineOf(index)));
    clearImmediate(immediate);
    expect(turns).to.be.at.least(5);
  });

  it('opens nothing that is revoked here before its turn has come', async () => {
    const opened: string[] = [];
    const grants: ClusterGrants = new ClusterGrants(
      {
        all: () => [],
        adopt: (news, isLive) => {
          for (const grant of news.slice(0, 1)) grants.change(grant, true);
          opened.push(...news.filter(isLive).map(({ id }) => id));
          return Promise.resolve();
        },
        end: () => Promise.resolve(),
      },
      policy,
      createLog([], 'info'),
    );
    await grants.hear([lineOf(1), lineOf(2)]);
    expect(opened).to.deep.equal(['00000002']);
  });
});

describe('What is known of the grants of a cluster', () => {
  it('is the same in whatever order and however often it was told', () => {
    const change = fc.record({
      id: fc.constantFrom('00000001', '00000002'),
      end: fc.integer({ min: 1, max: 5 }),
      isRevoked: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (changes, luck) => {
        const shuffled = [...changes, ...changes]
          .map((value) => ({ value, place: luck.next().value as number }))
          .sort((a, b) => a.place - b.place)
          .map(({ value }) => value);
        expect(after(shuffled)).to.deep.equal(after(changes));
      }),
    );
  });

  /** What is open, until when; revoked grants are not, whatever their end. */
  function after(changes: readonly Partial<ClusterGrant>[]): object {
    const ledger = new ClusterLedger();
    for (const { isRevoked, end, ...rest } of changes.map(told))
      ledger.take({ ...rest, end, isRevoked }, isRevoked ? 'revoked' : String(end));
    return Object.fromEntries(
      ['00000001', '00000002'].map((id) => [id, ledger.lineOf({ id, client: 'alice' })]),
    );
  }

  it('is that a revoked one is over for as long as anybody has extended it', () => {
    const [live, revoked] = [told({ end: 9 }), told({ end: 5, isRevoked: true })];
    for (const changes of [
      [live, revoked],
      [revoked, live],
    ]) {
      const ledger = new ClusterLedger();
      for (const change of changes) ledger.take(change, String(change.isRevoked));
      ledger.forget(8);
      expect(ledger.take(live, 'false')).to.equal(false);
      expect(ledger.lineOf(live)).to.equal('true');
    }
  });

  it('is that a revoked one is over for no shorter when somebody tells of an earlier end', () => {
    const ledger = new ClusterLedger();
    ledger.take(told({ end: 9, isRevoked: true }), 'revoked');
    ledger.take(told({ end: 5 }), 'live');
    ledger.forget(8);
    expect(ledger.isRevoked(told())).to.equal(true);
  });

  it('is forgotten when it is over', () => {
    const ledger = new ClusterLedger();
    expect(ledger.take(told({ end: 5 }), 'line')).to.equal(true);
    expect(ledger.take(told({ end: 5 }), 'line')).to.equal(false);
    ledger.forget(4);
    expect(ledger.lines).to.deep.equal([{ line: 'line', end: 5 }]);
    ledger.forget(5);
    expect(ledger.lines).to.deep.equal([]);
  });
});
