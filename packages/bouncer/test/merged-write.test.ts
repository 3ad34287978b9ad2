import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { MergedWrite } from '@bouncer-spa/bouncer/dist/system/merged-write.js';

describe('A write that is made anew', () => {
  it('is one for all who ask before it begins, with what there is then', async () => {
    const written: number[] = [];
    let value = 0;
    const write = new MergedWrite(async () => {
      const begun = value;
      await turn();
      written.push(begun);
    });
    value = 1;
    const first = write.again();
    await Promise.resolve(); // it has begun
    value = 2;
    const second = write.again();
    value = 3;
    expect(write.again()).to.equal(second);
    await first;
    expect(written).to.deep.equal([1]);
    await second;
    expect(written).to.deep.equal([1, 3]);
  });

  it('tells who asked that it failed, and is made again after that', async () => {
    const results = [Promise.reject(new Error('disk full')), Promise.resolve()];
    results[0]?.catch(() => undefined);
    const write = new MergedWrite(() => results.shift() ?? Promise.resolve());
    const told = await write.again().catch((error: unknown) => error);
    expect(told).to.be.an('error').with.property('message', 'disk full');
    await write.idle();
    await write.again();
    expect(results).to.have.length(0);
  });

  it('is waited for by who ends', async () => {
    let isWritten = false;
    const write = new MergedWrite(async () => {
      await turn();
      isWritten = true;
    });
    void write.again();
    await write.idle();
    expect(isWritten).to.equal(true);
  });
});
