import { expect } from 'chai';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { readGuardListing } from '@bouncer-spa/bouncer/dist/core/guard-listing.js';
import { ranges } from './port-ranges.js';

const METAINFO = { metainfo: { version: '1.0.6', json_schema_version: 1 } };
const TABLE = { table: { family: 'inet', name: 'bouncer', handle: 1 } };
const CHAIN = {
  chain: { family: 'inet', table: 'bouncer', name: 'input', handle: 1, hook: 'input', prio: -10 },
};
const [SSH, HIGH] = ranges('tcp/22', 'udp/60000-61000');

function set(name: string, type: unknown, elem?: unknown, flags: unknown = ['timeout']): object {
  return { set: { family: 'inet', name, table: 'bouncer', type, handle: 2, flags, elem } };
}

function read(...objects: object[]): ReturnType<typeof readGuardListing> {
  return readGuardListing(JSON.stringify({ nftables: [METAINFO, TABLE, ...objects] }));
}

describe('A listing of the guard', () => {
  it('tells who is let in, where, and for how long', () => {
    const { openings, sets, canStay } = read(
      CHAIN,
      set('tcp_22_ipv4', 'ipv4_addr', [{ elem: { val: '192.0.2.1', timeout: 30, expires: 12 } }]),
      set('udp_60000_61000_ipv6', 'ipv6_addr', ['2001:db8::1']),
      set('trial', 'inet_proto', [{ elem: { val: 'tcp', timeout: 30, expires: 12 } }]),
    );
    expect(openings).to.deep.equal([
      { ports: SSH, address: parseAddress('192.0.2.1'), seconds: 12 },
      { ports: HIGH, address: parseAddress('2001:db8::1'), seconds: Infinity },
    ]);
    expect(sets.map(({ name }) => name)).to.deep.equal(['tcp_22_ipv4', 'udp_60000_61000_ipv6', 'trial']);
    expect(canStay).to.equal(true);
  });

  it('tells what is closed for good, what until the trial is over, and how long that lasts', () => {
    const match = (right: unknown, protocol = 'tcp'): object => ({
      match: { op: '==', left: { payload: { protocol, field: 'dport' } }, right },
    });
    const accept = { rule: { expr: [match(22), { accept: null }] } };
    const drop = { rule: { expr: [match(22), { drop: null }] } };
    const dropRange = { rule: { expr: [match({ range: [60_000, 61_000] }, 'udp'), {}, { drop: null }] } };
    expect(read(CHAIN, accept, drop, dropRange)).to.deep.include({
      closed: [SSH],
      tried: [HIGH],
      trial: undefined,
    });
    const trial = [{ elem: { val: 'tcp', expires: 12 } }, { elem: { val: 'udp', expires: 13 } }];
    expect(read(CHAIN, set('trial', 'inet_proto', trial)).trial).to.equal(13);
    expect(read(CHAIN, set('trial', 'inet_proto')).trial).to.equal(0);
  });

  it('is on trial by the set of that name, whatever its other sets hold', () => {
    const ssh = set('tcp_22_ipv4', 'ipv4_addr', [{ elem: { val: '192.0.2.1', expires: 99 } }]);
    expect(read(CHAIN, ssh).trial).to.equal(undefined);
    const trial = set('trial', 'inet_proto', [{ elem: { val: 'tcp', expires: 12 } }]);
    expect(read(CHAIN, ssh, trial).trial).to.equal(12);
  });

  it('tells of nobody who is in a set that is not of the guard', () => {
    expect(read(CHAIN, set('mine', 'ipv4_addr', ['192.0.2.1'])).openings).to.deep.equal([]);
  });

  it('has the same shape whichever nft has shown it', () => {
    const other = { metainfo: { version: '1.1.1', json_schema_version: 1 } };
    const [mine, theirs] = [METAINFO, other].map((metainfo) =>
      readGuardListing(JSON.stringify({ nftables: [metainfo, TABLE, CHAIN] })),
    );
    expect(mine?.shape).to.equal(theirs?.shape);
  });

  it('has the same shape whatever its sets hold and whatever its handles are', () => {
    const empty = read(CHAIN, set('tcp_22_ipv4', 'ipv4_addr'));
    const full = read(
      { chain: { ...CHAIN.chain, handle: 77 } },
      set('tcp_22_ipv4', 'ipv4_addr', ['192.0.2.1']),
    );
    expect(full.shape).to.equal(empty.shape);
  });

  it('has another shape when a rule, the chain or the table is another', () => {
    const { shape } = read(CHAIN);
    const rule = { rule: { chain: 'input', handle: 5, expr: [{ accept: null }] } };
    const dormant = { table: { ...TABLE.table, flags: 'dormant' } };
    expect(read(CHAIN, rule).shape).to.not.equal(shape);
    expect(read({ chain: { ...CHAIN.chain, prio: 0 } }).shape).to.not.equal(shape);
    expect(readGuardListing(JSON.stringify({ nftables: [METAINFO, dormant, CHAIN] })).shape).to.not.equal(
      shape,
    );
  });

  it('shows when the guard cannot be put into the table: foreign chains, or sets of another kind', () => {
    expect(read(CHAIN, { chain: { ...CHAIN.chain, name: 'other' } }).canStay).to.equal(false);
    const good = set('tcp_22_ipv6', 'ipv6_addr');
    expect(read(CHAIN, good).canStay).to.equal(true);
    // JSON leaves out the flags that are undefined, as nft does where there are none.
    const others: unknown[] = [['interval', 'timeout'], ['timeout', 'interval'], ['interval'], [], undefined];
    for (const flags of others) {
      const other = { set: { name: 'tcp_22_ipv4', type: 'ipv4_addr', flags } };
      expect(read(CHAIN, good, other).canStay, JSON.stringify(flags)).to.equal(false);
    }
  });

  it('that is no listing is refused', () => {
    for (const text of ['', '{}', '{"nftables": [1]}']) expect(() => readGuardListing(text)).to.throw();
  });
});
