import { expect } from 'chai';
import { FaultCounts, OTHER } from '@bouncer-spa/bouncer/dist/core/fault-counts.js';

describe('Counts of faults', () => {
  it('add up by fault', () => {
    const counts = new FaultCounts(2);
    counts.add('short');
    counts.add('long', 3);
    counts.add('short', 2);
    expect([...counts.all]).to.deep.equal([
      ['short', 3],
      ['long', 3],
    ]);
  });

  it('tell the first faults apart, and go on counting them when all others are one', () => {
    const counts = new FaultCounts(2);
    for (const fault of ['a', 'b', 'c', 'd', 'a', 'c']) counts.add(fault);
    expect(Object.fromEntries(counts.all)).to.deep.equal({ a: 2, b: 1, [OTHER]: 3 });
  });
});
