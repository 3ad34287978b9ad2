import { expect } from 'chai';
import { RejectLimiter } from '@bouncer-spa/bouncer/dist/core/reject-limiter.js';

describe('RejectLimiter', () => {
  it('admits so many of a reason a minute', () => {
    const limiter = new RejectLimiter(3);
    const admitted = [0, 1, 2, 3, 4].map((at) => limiter.admits('tag', at));
    expect(admitted).to.deep.equal([true, true, true, false, false]);
  });

  it('counts every reason by itself, so that a flood of one does not hide another', () => {
    const limiter = new RejectLimiter(1);
    for (let at = 0; at < 1000; at++) limiter.admits('gate', at);
    expect(limiter.admits('tag', 1000)).to.equal(true);
    expect(limiter.admits('replay', 1000)).to.equal(true);
    expect(limiter.admits('tag', 1001)).to.equal(false);
  });

  it('tells how many of each reason it suppressed, and of no other', () => {
    const limiter = new RejectLimiter(2);
    for (let count = 0; count < 7; count++) limiter.admits('gate', 0);
    for (let count = 0; count < 3; count++) limiter.admits('tag', 0);
    for (let count = 0; count < 2; count++) limiter.admits('replay', 0);
    expect([...limiter.close()]).to.deep.equal([
      ['gate', 5],
      ['tag', 1],
    ]);
  });

  it('starts afresh after the end of its minute', () => {
    const limiter = new RejectLimiter(1);
    limiter.admits('gate', 0);
    limiter.admits('gate', 0);
    limiter.close();
    expect(limiter.admits('gate', 60_000)).to.equal(true);
    expect([...limiter.close()]).to.deep.equal([]);
  });

  it('tells what it suppressed once, also when its count is asked for later', () => {
    const limiter = new RejectLimiter(0);
    limiter.admits('gate', 0);
    const suppressed = limiter.close();
    limiter.admits('gate', 60_000);
    expect([...suppressed]).to.deep.equal([['gate', 1]]);
  });

  it('logs nothing one by one when it may not, but counts it', () => {
    const limiter = new RejectLimiter(0);
    expect(limiter.admits('gate', 0)).to.equal(false);
    expect(limiter.admits('gate', 0)).to.equal(false);
    expect([...limiter.close()]).to.deep.equal([['gate', 2]]);
  });

  it('is due a minute after the first reject, whatever follows', () => {
    const limiter = new RejectLimiter(10);
    expect(limiter.dueIn(123_456)).to.equal(undefined);
    limiter.admits('gate', 1_000);
    limiter.admits('tag', 30_000);
    expect(limiter.dueIn(1_000)).to.equal(60_000);
    expect(limiter.dueIn(31_000)).to.equal(30_000);
    expect(limiter.dueIn(61_000)).to.equal(0);
    expect(limiter.dueIn(99_000)).to.equal(0);
  });

  it('is due for a first reject at the very start of the clock too', () => {
    const limiter = new RejectLimiter(10);
    limiter.admits('gate', 0);
    expect(limiter.dueIn(10_000)).to.equal(50_000);
    limiter.admits('gate', 10_000);
    expect(limiter.dueIn(10_000)).to.equal(50_000);
  });

  it('is not due after its end until something is rejected again', () => {
    const limiter = new RejectLimiter(10);
    limiter.admits('gate', 0);
    limiter.close();
    expect(limiter.dueIn(60_000)).to.equal(undefined);
    limiter.admits('gate', 70_000);
    expect(limiter.dueIn(70_000)).to.equal(60_000);
  });
});
