import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { shortHmac } from '@bouncer-spa/protocol';
import { toHex } from './vectors.js';

describe('shortHmac', () => {
  for (const [algorithm, block] of [
    ['sha256', 64],
    ['sha512', 128],
  ] as const) {
    it(`is HMAC with ${algorithm}, for every size of key up to a block and any data in any pieces`, () => {
      const bytes = (maxLength: number) => fc.uint8Array({ maxLength, size: 'max' });
      fc.assert(
        fc.property(bytes(block), fc.array(bytes(256), { maxLength: 4 }), (key, data) => {
          const text = shortHmac(algorithm, key, ...data);
          const expected = createHmac(algorithm, key).update(Buffer.concat(data)).digest('hex');
          expect(toHex(Buffer.from(text, 'latin1'))).to.equal(expected);
        }),
        { numRuns: 500 },
      );
    });

    it(`refuses a key longer than a block of ${algorithm}, which would have to be hashed first`, () => {
      const data = new Uint8Array(1);
      expect(() => shortHmac(algorithm, new Uint8Array(block + 1), data)).to.throw(RangeError);
      expect(shortHmac(algorithm, new Uint8Array(block), data)).to.have.length(block / 2);
    });

    it(`is that of its own key and data with ${algorithm}, whatever came before`, () => {
      const sizes = [0, 16, 32].flatMap((key) => [1, 40, 1024, 1025, 5000].map((data) => ({ key, data })));
      for (const before of sizes) {
        for (const { key: keySize, data: size } of sizes) {
          shortHmac(algorithm, new Uint8Array(before.key).fill(1), new Uint8Array(before.data).fill(2));
          const [key, data] = [new Uint8Array(keySize).fill(3), new Uint8Array(size).fill(4)];
          const expected = createHmac(algorithm, key).update(data).digest('hex');
          expect(toHex(Buffer.from(shortHmac(algorithm, key, data), 'latin1'))).to.equal(expected);
        }
      }
    });
  }
});
