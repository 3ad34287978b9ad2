import { expect } from 'chai';
import fc from 'fast-check';
import { MAX_DELTA, minute, type Minute } from '@bouncer-spa/protocol';
import {
  ReplayCache,
  type ReplayContent,
  type ReplayRecord,
} from '@bouncer-spa/bouncer/dist/core/replay-cache.js';

const EMPTY: ReplayContent = { floor: minute(0), tags: [] };
const SOURCE = Uint8Array.from(Buffer.from('00000000000000000000ffffc6336401', 'hex'));
const OTHER_SOURCE = Uint8Array.from(Buffer.from('00000000000000000000ffffc6336402', 'hex'));

/** A tag that is told from others by its number alone, in its last bytes. */
function tag(number: number): Uint8Array {
  const bytes = Buffer.alloc(32, 0xee);
  bytes.writeUInt32BE(number, 28);
  return bytes;
}

/** A daemon's memory and disk: a cache and what it said to make durable. */
class Restartable {
  cache = new ReplayCache(EMPTY);
  readonly #records: ReplayRecord[] = [];

  /** Presents a packet as the daemon does. @returns whether it is accepted */
  accepts(at: Minute, packetTag: Uint8Array, delta: number, monotonic = 0): boolean {
    if (this.cache.look(at, packetTag, SOURCE, monotonic) !== 'new') return false;
    this.#records.push(this.cache.remember(at, packetTag, 2 * delta, SOURCE, monotonic));
    return true;
  }

  /** @param forgetful whether the store has dropped the tags below the floor */
  restart(forgetful: boolean): void {
    const floor = this.#records.at(-1)?.floor ?? minute(0);
    const tags = forgetful ? this.#records.filter((record) => record.minute >= floor) : this.#records;
    this.cache = new ReplayCache({ floor, tags });
  }
}

describe('the floor of the replay cache', () => {
  it('is 0 in an empty cache', () => {
    expect(new ReplayCache(EMPTY).floor).to.equal(0);
    expect(new ReplayCache(EMPTY).look(minute(0), tag(1), SOURCE, 0)).to.equal('new');
  });

  it('rises to 2 deltas below the minute of an accepted packet', () => {
    for (const delta of [0, 1, 2, MAX_DELTA]) {
      const cache = new ReplayCache(EMPTY);
      const record = cache.remember(minute(1000), tag(1), 2 * delta, SOURCE, 0);
      expect(record).to.deep.equal({ minute: 1000, tag: tag(1), floor: 1000 - 2 * delta });
      expect(cache.floor).to.equal(1000 - 2 * delta);
    }
  });

  it('never falls, whatever is accepted afterwards and with whatever delta', () => {
    const cache = new ReplayCache(EMPTY);
    cache.remember(minute(1000), tag(1), 4, SOURCE, 0);
    expect(cache.remember(minute(996), tag(2), 4, SOURCE, 0).floor).to.equal(996);
    expect(cache.remember(minute(1000), tag(3), 20, SOURCE, 0).floor).to.equal(996);
    expect(cache.floor).to.equal(996);
  });

  it('does not go below minute 0', () => {
    expect(new ReplayCache(EMPTY).remember(minute(1), tag(1), 4, SOURCE, 0).floor).to.equal(0);
  });

  it('refuses every minute below itself, and none from itself on', () => {
    const cache = new ReplayCache({ floor: minute(500), tags: [] });
    expect(cache.look(minute(499), tag(1), SOURCE, 0)).to.equal('stale');
    expect(cache.look(minute(0), tag(1), SOURCE, 0)).to.equal('stale');
    expect(cache.look(minute(500), tag(1), SOURCE, 0)).to.equal('new');
    expect(cache.look(minute(501), tag(1), SOURCE, 0)).to.equal('new');
  });

  it('does not rise by being asked', () => {
    const cache = new ReplayCache(EMPTY);
    cache.look(minute(1000), tag(1), SOURCE, 0);
    expect(cache.floor).to.equal(0);
    expect(cache.size).to.equal(0);
  });

  it('refuses nothing that the window allows while the clock runs forward and delta is not raised', () => {
    const packet = fc.record({
      pause: fc.integer({ min: 0, max: 30 }),
      offset: fc.integer({ min: -MAX_DELTA, max: MAX_DELTA }),
      lowered: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 40 }), (packets) => {
        const cache = new ReplayCache(EMPTY);
        let now = 1000;
        let delta = MAX_DELTA;
        packets.forEach(({ pause, offset, lowered }, number) => {
          now += pause;
          delta = Math.max(0, delta - lowered);
          const at = minute(now + Math.max(-delta, Math.min(delta, offset)));
          expect(cache.look(at, tag(number), SOURCE, 0)).to.equal('new');
          cache.remember(at, tag(number), 2 * delta, SOURCE, 0);
        });
      }),
    );
  });

  it('stays where it is while nothing is accepted, so that a clock set right locks nobody out', () => {
    const cache = new ReplayCache(EMPTY);
    cache.remember(minute(1000), tag(1), 4, SOURCE, 0);
    cache.look(minute(9_000), tag(2), SOURCE, 0);
    expect(cache.look(minute(1001), tag(3), SOURCE, 0)).to.equal('new');
  });
});

describe('an accepted packet', () => {
  it('is accepted at most once, through clock steps, changes of delta and restarts', () => {
    const deltas = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: MAX_DELTA }));
    const step = fc.oneof(
      // The clock goes where this packet is in the window, or just not: else few would be.
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('packet' as const),
          number: fc.nat(9),
          ahead: fc.integer({ min: -3, max: 3 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), number: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('delta' as const), to: deltas }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), forgetful: fc.boolean() }) },
    );
    // Two packets a minute, then a gap.
    const minuteOfPacket = (number: number) => minute(1000 + 3 * Math.floor(number / 2));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), deltas, (steps, firstDelta) => {
        const daemon = new Restartable();
        const accepted = new Set<number>();
        let now = 1000;
        let delta = firstDelta;
        for (const change of steps) {
          if (change.kind === 'delta') delta = change.to;
          else if (change.kind === 'restart') daemon.restart(change.forgetful);
          else {
            const at = minuteOfPacket(change.number);
            if (change.kind === 'packet') now = at - change.ahead;
            if (Math.abs(at - now) > delta) continue;
            const isAccepted = daemon.accepts(at, tag(change.number), delta);
            if (isAccepted && accepted.has(change.number)) throw new Error(`packet ${change.number} twice`);
            if (isAccepted) accepted.add(change.number);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  }).timeout(20_000);

  it('is a replay as long as its minute is not below the floor', () => {
    const cache = new ReplayCache(EMPTY);
    cache.remember(minute(1000), tag(1), 4, SOURCE, 0);
    cache.remember(minute(1004), tag(2), 4, SOURCE, 0);
    expect(cache.floor).to.equal(1000);
    expect(cache.look(minute(1000), tag(1), SOURCE, 60_000)).to.equal('replay');
    cache.remember(minute(1005), tag(3), 4, SOURCE, 0);
    expect(cache.look(minute(1000), tag(1), SOURCE, 60_000)).to.equal('stale');
  });

  it('is told from others by every byte of its tag', () => {
    const cache = new ReplayCache(EMPTY);
    const accepted = Uint8Array.from({ length: 32 }, (_, at) => 0x70 + at);
    cache.remember(minute(1000), accepted, 4, SOURCE, 0);
    for (let at = 0; at < 32; at++) {
      const other = accepted.map((byte, index) => (index === at ? byte ^ 0x80 : byte));
      expect(cache.look(minute(1000), other, SOURCE, 60_000), `byte ${at}`).to.equal('new');
    }
    expect(cache.look(minute(1000), accepted, SOURCE, 60_000)).to.equal('replay');
  });

  it('is known by its bytes alone, wherever in memory they lie', () => {
    const cache = new ReplayCache(EMPTY);
    const buffer = Buffer.alloc(100, 0x55);
    buffer.set(tag(7), 30);
    cache.remember(minute(1000), buffer.subarray(30, 62), 4, SOURCE, 0);
    buffer.fill(0);
    expect(cache.look(minute(1000), tag(7), SOURCE, 60_000)).to.equal('replay');
  });
});

describe('a duplicate', () => {
  const seen = () => {
    const cache = new ReplayCache(EMPTY);
    cache.remember(minute(1000), tag(1), 4, SOURCE, 10_000);
    return cache;
  };

  it('is the same tag from the same source within two seconds', () => {
    expect(seen().look(minute(1000), tag(1), Uint8Array.from(SOURCE), 10_000)).to.equal('duplicate');
    expect(seen().look(minute(1000), tag(1), Uint8Array.from(SOURCE), 12_000)).to.equal('duplicate');
  });

  it('is a replay a millisecond later', () => {
    expect(seen().look(minute(1000), tag(1), SOURCE, 12_001)).to.equal('replay');
  });

  it('is a replay from another source, however soon', () => {
    expect(seen().look(minute(1000), tag(1), OTHER_SOURCE, 10_000)).to.equal('replay');
  });

  it('does not extend the two seconds by coming again', () => {
    const cache = seen();
    expect(cache.look(minute(1000), tag(1), SOURCE, 11_999)).to.equal('duplicate');
    expect(cache.look(minute(1000), tag(1), SOURCE, 13_000)).to.equal('replay');
  });

  it('is compared with the source as it was, not with a buffer that was used again', () => {
    const cache = new ReplayCache(EMPTY);
    const source = Uint8Array.from(SOURCE);
    cache.remember(minute(1000), tag(1), 4, source, 0);
    source.set(OTHER_SOURCE);
    expect(cache.look(minute(1000), tag(1), SOURCE, 0)).to.equal('duplicate');
    expect(cache.look(minute(1000), tag(1), OTHER_SOURCE, 0)).to.equal('replay');
  });
});

describe('a restored replay cache', () => {
  it('has the floor and the tags that it is given', () => {
    const tags = [1, 2, 3].map((number) => ({ minute: minute(1000 + number), tag: tag(number) }));
    const cache = new ReplayCache({ floor: minute(1001), tags });
    expect(cache.floor).to.equal(1001);
    expect(cache.size).to.equal(3);
    for (const { minute: at, tag: known } of tags)
      expect(cache.look(at, known, SOURCE, 0)).to.equal('replay');
    expect(cache.look(minute(1001), tag(9), SOURCE, 0)).to.equal('new');
    expect(cache.look(minute(1000), tag(9), SOURCE, 0)).to.equal('stale');
  });

  it('tells all that it has been given and has accepted since, from the floor on', () => {
    const known = [1_000, 1_001].map((at, number) => ({ minute: minute(at), tag: tag(number) }));
    const cache = new ReplayCache({ floor: minute(1_000), tags: known });
    expect([...cache.tags()]).to.deep.equal(known);
    cache.remember(minute(1_005), tag(9), 4, SOURCE, 0);
    expect([...cache.tags()]).to.deep.equal([known[1], { minute: minute(1_005), tag: tag(9) }]);
  });

  it('calls what it has read a replay, not a duplicate: it does not know when and from where it came', () => {
    const cache = new ReplayCache({ floor: minute(0), tags: [{ minute: minute(1000), tag: tag(1) }] });
    expect(cache.look(minute(1000), tag(1), SOURCE, 0)).to.equal('replay');
  });

  it('refuses tags below the floor as stale, if the store still has any', () => {
    const cache = new ReplayCache({ floor: minute(1000), tags: [{ minute: minute(999), tag: tag(1) }] });
    expect(cache.look(minute(999), tag(1), SOURCE, 0)).to.equal('stale');
  });
});

describe('the size of the replay cache', () => {
  it('is the number of tags from the floor on: never more than two windows have accepted', () => {
    for (const delta of [0, 2, MAX_DELTA]) {
      const cache = new ReplayCache(EMPTY);
      const accepted: Minute[] = [];
      for (let now = 1000; now < 3000; now++) {
        for (let count = 0; count < 5; count++) {
          const at = minute(now - delta + ((now * 7 + count * 3) % (2 * delta + 1)));
          cache.remember(at, tag(accepted.length), 2 * delta, SOURCE, 0);
          accepted.push(at);
        }
        expect(cache.floor).to.be.at.least(now - 3 * delta);
        const newest = accepted.slice(-5 * (4 * delta + 1));
        expect(cache.size).to.equal(newest.filter((at) => at >= cache.floor).length);
        expect(cache.size).to.be.at.most(2 * 5 * (2 * delta + 1));
      }
    }
  });

  it('counts a tag once', () => {
    const cache = new ReplayCache(EMPTY);
    cache.remember(minute(1000), tag(1), 4, SOURCE, 0);
    cache.remember(minute(1000), tag(1), 4, SOURCE, 0);
    expect(cache.size).to.equal(1);
  });

  it('falls to one when the clock leaps ahead', () => {
    const cache = new ReplayCache(EMPTY);
    for (let number = 0; number < 100; number++) cache.remember(minute(1000), tag(number), 4, SOURCE, 0);
    expect(cache.size).to.equal(100);
    cache.remember(minute(2000), tag(100), 4, SOURCE, 0);
    expect(cache.size).to.equal(1);
  });
});

describe('a packet that was refused by policy', () => {
  it('is a replay from then on, and a duplicate from its source within two seconds', () => {
    const cache = new ReplayCache(EMPTY);
    cache.spend(tag(1), SOURCE, 1_000);
    expect(cache.look(minute(1000), tag(1), SOURCE, 3_000)).to.equal('duplicate');
    expect(cache.look(minute(1000), tag(1), SOURCE, 3_001)).to.equal('replay');
    expect(cache.look(minute(1000), tag(1), OTHER_SOURCE, 1_001)).to.equal('replay');
    expect(cache.look(minute(1000), tag(2), SOURCE, 1_001)).to.equal('new');
  });

  it('does not move the floor', () => {
    const cache = new ReplayCache(EMPTY);
    cache.spend(tag(1), SOURCE, 0);
    expect(cache.floor).to.equal(0);
  });

  it('is forgotten after 10,000 others, and not before', () => {
    const cache = new ReplayCache(EMPTY);
    for (let number = 0; number < 10_000; number++) cache.spend(tag(number), SOURCE, 0);
    expect(cache.look(minute(1000), tag(0), OTHER_SOURCE, 0)).to.equal('replay');
    cache.spend(tag(10_000), SOURCE, 0);
    expect(cache.look(minute(1000), tag(0), OTHER_SOURCE, 0)).to.equal('new');
    expect(cache.look(minute(1000), tag(1), OTHER_SOURCE, 0)).to.equal('replay');
  });
});
