import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  expandOneBlock,
  gateAt,
  locatorAt,
  minute,
  parseGateKey,
  parseSeed,
  passwordAt,
  serverId,
} from '@bouncer-spa/protocol';
import { hex, positiveCases, publishedCases, sealerOf, toHex } from './vectors.js';

describe('expandOneBlock', () => {
  for (const published of publishedCases) {
    if (published.algorithm !== 'HKDF-Expand-SHA-256') continue;
    it(`gives the first block of RFC 5869, ${published.name}`, () => {
      const block = expandOneBlock('sha256', hex(published.PRK), hex(published.info));
      expect(block).to.have.length(32);
      expect(toHex(block)).to.equal(published.OKM.slice(0, 64));
    });
  }

  it('is HKDF-Expand of OpenSSL, with SHA-512 as the protocol uses it and with SHA-256', () => {
    const input = fc.record({
      secret: fc.uint8Array({ minLength: 16, maxLength: 64 }),
      info: fc.uint8Array({ minLength: 1, maxLength: 80 }),
      hash: fc.constantFrom('sha512' as const, 'sha256' as const),
    });
    fc.assert(
      fc.property(input, ({ secret, info, hash }) => {
        expect(toHex(expandOneBlock(hash, secret, info))).to.equal(opensslExpand(hash, secret, info));
      }),
      { numRuns: 15 },
    );
  }).timeout(30_000);
});

function opensslExpand(hash: 'sha512' | 'sha256', secret: Uint8Array, info: Uint8Array): string {
  const options = ['mode:EXPAND_ONLY', `digest:${hash}`, `hexkey:${toHex(secret)}`, `hexinfo:${toHex(info)}`];
  return execFileSync('openssl', [
    'kdf',
    '-binary',
    '-keylen',
    hash === 'sha512' ? '64' : '32',
    ...options.flatMap((option) => ['-kdfopt', option]),
    'HKDF',
  ]).toString('hex');
}

describe('the keys of the positive vectors', () => {
  it('come out of gate key, seed and server id', () => {
    for (const { name, input, keys } of positiveCases) {
      const id = serverId(input.serverId);
      const client = deriveClientKeys(parseSeed(input.seed), id);
      expect(toHex(deriveGateSubkey(parseGateKey(input.gateKey), id)), name).to.equal(keys.gate);
      expect(toHex(client.locator), name).to.equal(keys.locator);
      expect(toHex(client.password), name).to.equal(keys.password);
      expect(toHex(client.mac) + toHex(client.encryption), name).to.equal(keys.packet);
      expect(client.mac, name).to.have.length(32);
    }
  });

  it('give the gate, the locator and the password of the minute', () => {
    for (const vector of positiveCases) {
      const { gate, client } = sealerOf(vector);
      const at = minute(vector.minute);
      expect(toHex(gateAt(gate, at)), vector.name).to.equal(vector.gate);
      expect(toHex(locatorAt(client, at, actionCode(vector.input.actionCode))), vector.name).to.equal(
        vector.locator,
      );
      expect(toHex(passwordAt(client, at)), vector.name).to.equal(vector.password);
    }
  });
});
