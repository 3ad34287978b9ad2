import { expect } from 'chai';
import fc from 'fast-check';
import type { Door } from '@bouncer-spa/bouncer/dist/core/door.js';
import { DueQueue } from '@bouncer-spa/bouncer/dist/core/due-queue.js';
import {
  ended,
  extended,
  GrantTable,
  resumed,
  type Grant,
  type Means,
} from '@bouncer-spa/bouncer/dist/core/grants.js';
import { later, type Moment } from '@bouncer-spa/bouncer/dist/core/moment.js';
import type { PortRange } from '@bouncer-spa/bouncer/dist/core/port-range.js';

const NOW: Moment = { unix: 1_767_225_600_000, monotonic: 5_000_000 };
const LEASE: Means = { kind: 'lease', stop: { argv: ['/bin/true'], environment: {}, timeout: 1_000 } };

function port(first: number, last = first): PortRange {
  return { transport: 'tcp', first, last };
}

function ports(...ranges: PortRange[]): Door {
  return { kind: 'ports', ports: ranges };
}

function opening(...ranges: PortRange[]): Means {
  return { kind: 'open', door: ports(...ranges) };
}

function addressOf(number: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, number);
}

function grantOf(change: Partial<Grant> = {}): Grant {
  return {
    id: '00000001',
    client: 'alice',
    action: 'ssh',
    address: addressOf(1),
    argument: '',
    means: opening(port(22)),
    began: NOW,
    end: later(NOW, 30_000),
    ...change,
  };
}

function tableOf(...grants: Grant[]): GrantTable {
  const table = new GrantTable();
  for (const grant of grants) table.put(grant);
  return table;
}

describe('a grant that is extended', () => {
  it('ends when the later of both would', () => {
    const grant = grantOf();
    const soon = later(NOW, 10_000);
    expect(extended(grant, soon, 60).end).to.deep.equal(later(soon, 60_000));
    expect(extended(grant, soon, 20).end).to.deep.equal(later(NOW, 30_000));
    expect(extended(grant, soon, 5).end).to.deep.equal(later(NOW, 30_000));
  });

  it('never ends earlier, whatever the clock on the wall does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ wait: fc.nat(20_000), step: fc.integer(), seconds: fc.nat(100) })),
        (packets) => {
          let grant = grantOf();
          let now = NOW;
          for (const { wait, step, seconds } of packets) {
            now = { unix: now.unix + wait + step, monotonic: now.monotonic + wait };
            const more = extended(grant, now, seconds);
            expect(more.end.monotonic).to.be.at.least(grant.end.monotonic);
            expect(more.end.monotonic).to.be.at.least(now.monotonic + seconds * 1_000);
            grant = more;
          }
        },
      ),
    );
  });
});

describe('a grant of before', () => {
  const before = grantOf({ end: later(NOW, 60_000) });

  it('goes on as it was, while the machine was not started again', () => {
    const stepped = { unix: 0, monotonic: NOW.monotonic + 10_000 };
    expect(resumed(before, stepped, true)).to.equal(before);
  });

  it('ends by the clock on the wall after the machine was started again', () => {
    const now = { unix: NOW.unix + 20_000, monotonic: 3_000 };
    expect(resumed(before, now, false).end).to.deep.equal({ unix: before.end.unix, monotonic: 43_000 });
    expect(resumed(before, now, false).began).to.deep.equal({ unix: NOW.unix, monotonic: -17_000 });
  });

  it('is over if its time went by while the machine was down', () => {
    const now = { unix: NOW.unix + 60_001, monotonic: 3_000 };
    expect(resumed(before, now, false).end.monotonic).to.equal(2_999);
  });

  it('has no more left than it had at first, if the clock on the wall was stepped back', () => {
    const now = { unix: NOW.unix - 1_000_000, monotonic: 3_000 };
    expect(resumed(before, now, false).end.monotonic).to.equal(63_000);
  });
});

describe('the table of grants', () => {
  it('finds the grant that a packet for the same extends', () => {
    const grant = grantOf();
    const table = tableOf(grant);
    const find = (change: Partial<Grant>): Grant | undefined => {
      const purpose = { ...grant, ...change };
      return table.find(purpose, purpose.means);
    };
    expect(find({ id: 'other', began: later(NOW, 1), end: later(NOW, 1) })).to.equal(grant);
    for (const other of [
      { client: 'bob' },
      { action: 'vpn' },
      { address: addressOf(2) },
      { argument: 'x' },
      { means: opening(port(2222)) },
      { means: LEASE },
    ]) {
      expect(find(other), JSON.stringify(other)).to.equal(undefined);
    }
  });

  it('finds a lease whatever its stop is by now, since its run is not undone', () => {
    const lease = grantOf({ means: LEASE });
    const other: Means = { kind: 'lease', stop: { argv: ['/bin/false'], environment: {}, timeout: 1 } };
    expect(tableOf(lease).find(lease, other)).to.equal(lease);
  });

  it('finds one of two for the same until both are over, in whatever order they end', () => {
    const [one, other] = [grantOf(), grantOf({ id: '00000002' })];
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const table = tableOf(one, other);
      table.remove(first.id);
      if (first === one) expect(table.find(one, one.means)).to.equal(second);
      table.remove(second.id);
      expect(table.find(one, one.means)).to.equal(undefined);
    }
  });

  it('finds no grant by what another one was for that had its id before', () => {
    const former = grantOf();
    const table = tableOf(former);
    table.remove(former.id);
    table.put(grantOf({ action: 'vpn' }));
    expect(table.find(former, former.means)).to.equal(undefined);
  });

  it('has a door open until the latest end of all grants that open it', () => {
    const alice = grantOf();
    const bob = grantOf({ id: '00000002', client: 'bob', end: later(NOW, 90_000) });
    const table = tableOf(alice, bob);
    expect(table.doorsOf(alice)).to.deep.equal([
      { door: ports(port(22)), address: addressOf(1), end: bob.end.monotonic },
    ]);
    table.remove(bob.id);
    expect(table.doorsOf(bob)).to.deep.equal([
      { door: ports(port(22)), address: addressOf(1), end: alice.end.monotonic },
    ]);
    table.remove(alice.id);
    expect(table.doorsOf(alice)).to.deep.equal([
      { door: ports(port(22)), address: addressOf(1), end: undefined },
    ]);
  });

  it('does with one step what is the same for several ports, and apart what is not', () => {
    const wide = grantOf({ means: opening(port(22), port(80), port(443)) });
    const long = grantOf({ id: '00000002', means: opening(port(80)), end: later(NOW, 90_000) });
    const elsewhere = grantOf({ id: '00000003', address: addressOf(9), end: later(NOW, 99_000) });
    expect(tableOf(wide, long, elsewhere).doorsOf(wide)).to.deep.equal([
      { door: ports(port(22), port(443)), address: addressOf(1), end: wide.end.monotonic },
      { door: ports(port(80)), address: addressOf(1), end: long.end.monotonic },
    ]);
  });

  it('does with one step what is the same for several sets', () => {
    const [four, six] = ['four', 'six'].map((set) => ({ family: 'inet', table: 'filter', set }) as const);
    const door: Door = { kind: 'sets', sets: [four, six].flatMap((set) => set ?? []) };
    const grant = grantOf({ means: { kind: 'open', door } });
    expect(tableOf(grant).doorsOf(grant)).to.deep.equal([
      { door, address: addressOf(1), end: grant.end.monotonic },
    ]);
  });

  it('has no doors for a lease', () => {
    expect(tableOf().doorsOf(grantOf({ means: LEASE }))).to.deep.equal([]);
  });

  it('tells of a grant that it is due at its last end, and once', () => {
    const grant = grantOf();
    const table = tableOf(grant);
    table.put(extended(grant, later(NOW, 10_000), 60));
    expect(table.takeDue(NOW.monotonic + 30_000)).to.deep.equal([]);
    expect(table.nextDue).to.equal(NOW.monotonic + 70_000);
    expect(table.takeDue(NOW.monotonic + 70_000).map(({ id }) => id)).to.deep.equal([grant.id]);
    expect(table.takeDue(NOW.monotonic + 999_999)).to.deep.equal([]);
  });

  it('tells of a grant that was ended before its time', () => {
    const grant = grantOf();
    const table = tableOf(grant);
    const now = later(NOW, 5_000);
    table.put(ended(grant, now));
    expect(table.takeDue(now.monotonic)).to.deep.equal([ended(grant, now)]);
    expect(table.takeDue(NOW.monotonic + 999_999)).to.deep.equal([]);
  });

  it('agrees with a list that is searched from end to end, whatever happens', () => {
    const step = fc.record({
      what: fc.constantFrom('put', 'extend', 'end', 'remove', 'wait'),
      which: fc.nat(7),
      seconds: fc.integer({ min: 1, max: 50 }),
      means: fc.constantFrom(LEASE, opening(port(22)), opening(port(22), port(80)), opening(port(80, 90))),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const table = new GrantTable();
        const list = new Map<string, Grant>();
        const told = new Set<string>();
        let now = NOW;
        for (const { what, which, seconds, means } of steps) {
          const id = String(which).padStart(8, '0');
          const known = list.get(id);
          const names = { client: `client${which % 3}`, address: addressOf(which % 2), argument: id };
          if (what === 'wait') now = later(now, seconds * 1_000);
          else if (what === 'remove') {
            list.delete(id);
            table.remove(id);
          } else {
            const fresh = grantOf({ id, ...names, means, began: now, end: later(now, seconds * 1_000) });
            if (known === undefined && what !== 'put') continue;
            if (known !== undefined && (what === 'put' || known.end.monotonic <= now.monotonic)) continue;
            const grant =
              known === undefined
                ? fresh
                : what === 'end'
                  ? ended(known, now)
                  : extended(known, now, seconds);
            list.set(id, grant);
            table.put(grant);
            told.delete(id);
          }
          const due = [...list.values()].filter(
            ({ id: of, end }) => end.monotonic <= now.monotonic && !told.has(of),
          );
          const taken = table.takeDue(now.monotonic).map(({ id: of }) => of);
          expect(taken.sort()).to.deep.equal(due.map(({ id: of }) => of).sort());
          for (const of of taken) told.add(of);
          expectSame(table, [...list.values()], now);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('finds the next of 10,000 that is due without looking at the others', () => {
    const table = new GrantTable();
    const looked: number[] = [];
    for (let number = 0; number < 10_000; number++) {
      const id = number.toString(16).padStart(8, '0');
      const end = later(NOW, 1_000 * (number + 1));
      const watched = {
        get monotonic() {
          looked.push(number);
          return end.monotonic;
        },
        unix: end.unix,
      };
      table.put(grantOf({ id, argument: id, address: addressOf(number % 250), end: watched }));
    }
    looked.length = 0;
    expect(table.takeDue(NOW.monotonic + 1_000)).to.have.length(1);
    expect(new Set(looked)).to.deep.equal(new Set([0]));
  });
});

describe('the queue of what is due', () => {
  it('gives ids in the order of their moments', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000)), fc.nat(1_000), (moments, at) => {
        const queue = new DueQueue();
        for (const [index, moment] of moments.entries()) queue.add(`${index}`, moment);
        const taken = queue.takeDue(at).map(({ id }) => moments[Number(id)] ?? NaN);
        const early = moments.filter((moment) => moment <= at).sort((a, b) => a - b);
        expect(taken).to.deep.equal(early);
        const rest = moments.filter((moment) => moment > at);
        expect(queue.next).to.equal(rest.length === 0 ? undefined : Math.min(...rest));
      }),
    );
  });
});

function expectSame(table: GrantTable, list: readonly Grant[], now: Moment): void {
  const ids = (grants: readonly Grant[]): string[] => grants.map(({ id }) => id).sort();
  expect(ids(table.all())).to.deep.equal(ids(list));
  for (let number = 0; number < 3; number++) {
    const client = `client${number}`;
    const ofClient = list.filter((grant) => grant.client === client);
    expect(ids(table.ofClient(client))).to.deep.equal(ids(ofClient));
    expect(table.countOf(client)).to.equal(ofClient.length);
    const address = addressOf(number);
    const ofAddress = list.filter((grant) => Buffer.compare(grant.address, address) === 0);
    expect(ids(table.ofAddress(address))).to.deep.equal(ids(ofAddress));
    for (const range of [port(22), port(80), port(80, 90)]) {
      const opens = ofAddress.filter(
        ({ means }) =>
          means.kind === 'open' &&
          means.door.kind === 'ports' &&
          means.door.ports.some(({ first, last }) => first === range.first && last === range.last),
      );
      const latest = opens.length === 0 ? undefined : Math.max(...opens.map(({ end }) => end.monotonic));
      expect(table.latestEnd(ports(range), address), `${range.first} at ${now.monotonic}`).to.equal(latest);
    }
  }
  for (const grant of list) expect(table.get(grant.id)).to.equal(grant);
}
