import { expect } from 'chai';
import { LocalAddresses } from '@bouncer-spa/bouncer/dist/capture/local-addresses.js';

const FIRST = new Uint8Array(16).fill(1);
const SECOND = new Uint8Array(16).fill(2);
const STRANGE = new Uint8Array(16).fill(3);

/** Milliseconds after which an unknown address asks the system again. */
const REFRESH = 1_000;

describe('LocalAddresses', () => {
  it('knows each address of the host, in any order, and no other', () => {
    const local = new LocalAddresses(() => [FIRST, SECOND]);
    const looked = [FIRST, FIRST, STRANGE, FIRST, SECOND, STRANGE, SECOND, FIRST];
    expect(looked.map((address) => local.has(address, 0))).to.deep.equal(
      looked.map((address) => address !== STRANGE),
    );
  });

  it('does not know an address because the bytes of one that it knew are written anew', () => {
    const local = new LocalAddresses(() => [FIRST]);
    const address = Uint8Array.from(FIRST);
    expect(local.has(address, 0)).to.equal(true);
    address.set(STRANGE);
    expect(local.has(address, 0)).to.equal(false);
    expect(local.has(FIRST, 0)).to.equal(true);
  });

  it('knows a new address at once, and asks for the next no sooner than a second later', () => {
    const addresses = [FIRST];
    let asked = 0;
    const local = new LocalAddresses(() => {
      asked++;
      return addresses;
    });
    local.has(FIRST, 0);
    addresses.push(SECOND);
    expect(local.has(SECOND, REFRESH - 1)).to.equal(false);
    expect(local.has(SECOND, REFRESH)).to.equal(true);
    expect(asked).to.equal(2);
  });

  it('forgets an address that is gone, also the one that was looked for last, when it asks again', () => {
    let addresses = [FIRST, SECOND];
    const local = new LocalAddresses(() => addresses);
    expect(local.has(FIRST, 0)).to.equal(true);
    addresses = [SECOND];
    local.has(STRANGE, REFRESH);
    expect(local.has(FIRST, REFRESH)).to.equal(false);
  });
});
