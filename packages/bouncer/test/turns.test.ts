import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { Turns } from '@bouncer-spa/bouncer/dist/system/turns.js';

describe('Work in turns', () => {
  it('is done one after the other, and told to who asked for it', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const slow = turns.take(async () => {
      seen.push('begun');
      await turn();
      seen.push('ended');
      return 1;
    });
    const quick = turns.take(() => {
      seen.push('next');
      return 2;
    });
    expect(await Promise.all([slow, quick])).to.deep.equal([1, 2]);
    expect(seen).to.deep.equal(['begun', 'ended', 'next']);
  });

  it('goes on after some that failed, of which only who asked for it learns', async () => {
    const turns = new Turns();
    const failed = turns.take(() => Promise.reject(new Error('disk full')));
    expect(await turns.take(() => 'done')).to.equal('done');
    const told = await failed.catch((error: unknown) => error);
    expect(told).to.be.an('error').with.property('message', 'disk full');
  });
});
