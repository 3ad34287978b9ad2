import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { Lockout, sourceText, type LockoutRules } from '@bouncer-spa/bouncer/dist/core/lockout.js';
import { parseNetwork, type Network } from '@bouncer-spa/bouncer/dist/core/network.js';
import type { RejectReason } from '@bouncer-spa/bouncer/dist/core/verdict.js';
import { expect } from 'chai';

const RULES: LockoutRules = { after: 3, within: 1_000, time: 10_000, except: [] };
const NOISY = address('192.0.2.7');

describe('A source', () => {
  it('is locked out by so many rejects in so long, and for so long', () => {
    const lockout = new Lockout(RULES);
    expect([0, 500, 1_000].map((at) => lockout.count('tag', NOISY, at))).to.deep.equal([false, false, true]);
    expect(lockout.ignores(NOISY, 1_000)).to.equal(true);
    expect(lockout.ignores(NOISY, 10_999)).to.equal(true);
    expect(lockout.ignores(NOISY, 11_000)).to.equal(false);
  });

  it('is heard until it is locked out, and always where nobody is locked out', () => {
    const lockout = new Lockout(RULES);
    for (const at of [0, 1]) lockout.count('tag', NOISY, at);
    expect(lockout.ignores(NOISY, 1)).to.equal(false);
    const off = new Lockout(undefined);
    expect([0, 1, 2].map((at) => off.count('tag', NOISY, at))).to.deep.equal([false, false, false]);
    expect(off.ignores(NOISY, 2)).to.equal(false);
  });

  it('begins at nothing when its time is over, and when the first reject is too long ago', () => {
    const lockout = new Lockout(RULES);
    for (const at of [0, 1, 2]) lockout.count('tag', NOISY, at);
    expect([11_000, 11_001].map((at) => lockout.count('tag', NOISY, at))).to.deep.equal([false, false]);
    expect([13_000, 13_001].map((at) => lockout.count('tag', NOISY, at))).to.deep.equal([false, false]);
    expect(lockout.count('tag', NOISY, 13_002)).to.equal(true);
  });

  it('is not locked out by what others send', () => {
    const lockout = new Lockout(RULES);
    for (const at of [0, 1, 2]) lockout.count('tag', NOISY, at);
    expect(lockout.ignores(address('192.0.2.8'), 3)).to.equal(false);
  });

  it('of IPv6 is all that has the same 64 bits, and of IPv4 one address', () => {
    const lockout = new Lockout(RULES);
    for (const end of ['1', '2', '3']) lockout.count('tag', address(`2001:db8::${end}`), 0);
    expect(lockout.ignores(address('2001:db8::ffff:1'), 0)).to.equal(true);
    expect(lockout.ignores(address('2001:db8:0:1::1'), 0)).to.equal(false);
    expect(sourceText(address('2001:db8::ffff:1'))).to.equal('2001:db8::/64');
    expect(sourceText(address('2001:db8::ff00:0:0:1'))).to.equal('2001:db8::/64');
    expect(sourceText(NOISY)).to.equal('192.0.2.7');
  });

  it('is not locked out by refusals that take a seed, nor by what the network delivers twice', () => {
    const lockout = new Lockout(RULES);
    const reasons: RejectReason[] = [
      'duplicate',
      'stale',
      'time',
      'action',
      'network',
      'busy',
      'cluster',
      'lockout',
    ];
    for (const reason of reasons) for (let at = 0; at < 5; at++) lockout.count(reason, NOISY, at);
    expect(lockout.ignores(NOISY, 5)).to.equal(false);
  });

  it('is locked out by each of what anybody can send', () => {
    for (const reason of ['length', 'gate', 'locator', 'tag', 'replay'] as const) {
      const lockout = new Lockout(RULES);
      for (const at of [0, 1, 2]) lockout.count(reason, NOISY, at);
      expect(lockout.ignores(NOISY, 3), reason).to.equal(true);
    }
  });

  it('in an excepted network is never locked out, and no longer if it was', () => {
    const except = [network('192.0.2.0/24')];
    const lockout = new Lockout({ ...RULES, except });
    for (const at of [0, 1, 2, 3]) expect(lockout.count('tag', NOISY, at)).to.equal(false);
    lockout.follow(RULES);
    for (const at of [4, 5, 6]) lockout.count('tag', NOISY, at);
    expect(lockout.ignores(NOISY, 7)).to.equal(true);
    lockout.follow({ ...RULES, except });
    expect(lockout.ignores(NOISY, 8)).to.equal(false);
  });

  it('stays locked out through other rules, and is let off when there are none', () => {
    const lockout = new Lockout(RULES);
    for (const at of [0, 1, 2]) lockout.count('tag', NOISY, at);
    lockout.follow({ ...RULES, after: 100 });
    expect(lockout.ignores(NOISY, 3)).to.equal(true);
    lockout.follow(undefined);
    expect(lockout.ignores(NOISY, 4)).to.equal(false);
    lockout.follow(RULES);
    expect(lockout.ignores(NOISY, 5)).to.equal(false);
  });

  it('is forgotten when 4,096 others came after it, so that forged ones fill no memory', () => {
    const lockout = new Lockout(RULES);
    for (const at of [0, 1, 2]) lockout.count('tag', NOISY, at);
    const forged = (number: number): Uint8Array => address(`10.0.${number >> 8}.${number & 0xff}`);
    for (let number = 0; number < 4_095; number++) lockout.count('tag', forged(number), 3);
    expect(lockout.ignores(NOISY, 4)).to.equal(true);
    lockout.count('tag', forged(4_095), 4);
    expect(lockout.ignores(NOISY, 4)).to.equal(false);
  });
});

function address(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new Error(`${text} is no address`);
  return bytes;
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}
