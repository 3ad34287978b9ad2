import { expect } from 'chai';
import { ClusterTrust, type Member } from '@bouncer-spa/bouncer/dist/core/cluster-trust.js';

/** Milliseconds after which a silent member does not count. */
const SPAN = 1_000;

/** Age in milliseconds of an epoch that every gateway has seen. */
const SETTLED = 1_500;

describe('What a gateway knows of the others', () => {
  function member(id: string, epoch: string, beat = 1): Member {
    return { id, name: `host-${id}`, epoch, beat, changes: 0 };
  }

  /** Whom a store of that epoch, which is not new, waits for. */
  function missing(trust: ClusterTrust, epoch: string): string[] {
    trust.enter(epoch, SETTLED, 0);
    return Array.from(trust.doubt(0)?.matchAll(/host-\w+ \((\w+)\)/g) ?? [], ([, id = '']) => id);
  }

  it('is believed of a new epoch when every gateway has had the time to see it', () => {
    const trust = new ClusterTrust(new Map(), 0);
    trust.enter('one', SETTLED - 1, 1_000);
    trust.enter('one', SETTLED, 1_500);
    expect(trust.doubt(1_000 + SETTLED - 1)).to.match(/^it is new, or has become another/);
    expect(trust.doubt(1_000 + SETTLED)).to.equal(undefined);
  });

  it('is believed at once of an epoch that the others have seen', () => {
    const trust = new ClusterTrust(new Map(), 0);
    trust.enter('one', SETTLED, 1_000);
    expect(trust.doubt(1_000)).to.equal(undefined);
  });

  it('is not believed for a time after there was reason not to', () => {
    const trust = new ClusterTrust(new Map(), 0);
    trust.enter('one', SETTLED, 1_000);
    trust.distrust(2_000);
    trust.enter('one', SETTLED, 2_500);
    expect(trust.doubt(2_000 + SETTLED - 1)).to.match(/^it is new, or has become another/);
    expect(trust.doubt(2_000 + SETTLED)).to.equal(undefined);
  });

  it('is that each has still to tell a new store what it remembers', () => {
    const trust = new ClusterTrust(new Map(), 0);
    trust.see([member('a', 'one'), member('b', 'one')], 0, SPAN);
    expect(missing(trust, 'one')).to.deep.equal([]);
    expect(missing(trust, 'two')).to.deep.equal(['a', 'b']);
    trust.see([member('b', 'two', 2)], 10, SPAN);
    expect(missing(trust, 'two')).to.deep.equal(['a']);
    trust.see([member('a', 'two', 2), member('b', 'two', 3)], 20, SPAN);
    expect(missing(trust, 'two')).to.deep.equal([]);
  });

  it('is told in the order of their ids, whoever was heard of first', () => {
    const trust = new ClusterTrust(new Map([['c', 'host-c']]), 0);
    trust.see([member('b', 'one'), member('a', 'one')], 0, SPAN);
    expect(missing(trust, 'two')).to.deep.equal(['a', 'b', 'c']);
  });

  it('of before its own start is their names alone, so that their first beat is news', () => {
    const trust = new ClusterTrust(new Map([['a', 'host-a']]), 0);
    const nothing = { id: 'a', name: 'host-a', epoch: '', beat: -1, changes: 0 };
    expect(trust.members).to.deep.equal([{ member: nothing, at: 0 }]);
    for (const first of [0, 1]) {
      const other = new ClusterTrust(new Map([['a', 'host-a']]), 0);
      other.see([member('a', 'one', first)], 600, SPAN);
      expect(other.see([], SPAN + 1, SPAN), String(first)).to.deep.equal([]);
    }
  });

  it('outlives its own start', () => {
    const trust = new ClusterTrust(new Map([['a', 'host-a']]), 0);
    expect(missing(trust, 'one')).to.deep.equal(['a']);
    expect(trust.see([], SPAN, SPAN)).to.deep.equal([]);
    expect(trust.see([], SPAN + 1, SPAN)).to.deep.equal(['a']);
    expect(missing(trust, 'one')).to.deep.equal([]);
  });

  it('is forgotten of one that says nothing new for as long as a packet may be used, wherever it still stands', () => {
    const trust = new ClusterTrust(new Map(), 0);
    trust.see([member('a', 'one', 1)], 0, SPAN);
    trust.see([member('a', 'one', 2)], 600, SPAN);
    expect(trust.see([member('a', 'one', 2)], 1_500, SPAN)).to.deep.equal([]);
    expect(trust.see([member('a', 'one', 2)], 1_601, SPAN)).to.deep.equal(['a']);
    expect(trust.members).to.deep.equal([]);
  });
});
