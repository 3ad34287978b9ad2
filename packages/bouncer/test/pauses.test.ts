import { expect } from 'chai';
import { Pauses } from '@bouncer-spa/bouncer/dist/core/pauses.js';

describe('Pauses between tries', () => {
  it('double from the first to the longest, and begin anew when it worked', () => {
    const pauses = new Pauses(50, 300);
    const next = (): number => pauses.next();
    expect([next(), next(), next(), next(), next()]).to.deep.equal([50, 100, 200, 300, 300]);
    pauses.reset();
    expect([next(), next()]).to.deep.equal([50, 100]);
  });
});
