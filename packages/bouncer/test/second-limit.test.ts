import { expect } from 'chai';
import { SecondLimit } from '@bouncer-spa/bouncer/dist/core/second-limit.js';

describe('A limit by the second', () => {
  it('lets so many through, and as many again in the next second', () => {
    const limit = new SecondLimit(2);
    const admitted = [0, 500, 999, 1_000, 1_001, 1_999, 5_000].map((time) => limit.admits(time));
    expect(admitted).to.deep.equal([true, true, false, true, true, false, true]);
  });
});
