import { expect } from 'chai';
import { backoff } from '@bouncer-spa/bouncer/dist/core/backoff.js';

describe('backoff', () => {
  it('is a second after the first failure and twice as long after each further one', () => {
    expect([1, 2, 3, 4, 9].map(backoff)).to.deep.equal([1_000, 2_000, 4_000, 8_000, 256_000]);
  });

  it('is never longer than five minutes', () => {
    expect([10, 11, 100, 1_000_000].map(backoff)).to.deep.equal([300_000, 300_000, 300_000, 300_000]);
  });
});
