import { expect } from 'chai';
import fc from 'fast-check';
import { serverId } from '@bouncer-spa/protocol';
import { sentenceOf } from './range-error.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-';

describe('serverId', () => {
  it('takes 1 to 64 characters of the alphabet as they are', () => {
    const text = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
    fc.assert(fc.property(text, (id) => serverId(id) === id));
    expect(serverId(ALPHABET.slice(0, 64))).to.equal(ALPHABET.slice(0, 64));
  });

  it('refuses an empty text and a long one, and says how long it is', () => {
    for (const length of [0, 65, 1000]) {
      expect(sentenceOf(() => serverId('a'.repeat(length)))).to.equal(
        `server id expected 1 to 64 characters, got ${length}`,
      );
    }
  });

  it('refuses every other character of ASCII, wherever it stands', () => {
    for (let code = 0; code < 128; code++) {
      const character = String.fromCharCode(code);
      if (ALPHABET.includes(character)) continue;
      for (const text of [character, `a${character}`, `${character}a`, `a${character}a`]) {
        expect(sentenceOf(() => serverId(text))).to.equal(
          'server id expected only letters, digits, "." "_" and "-"',
        );
      }
    }
  });

  it('refuses letters and digits beyond ASCII', () => {
    for (const text of ['ä', 'gw\u0661', '\u212a', '\u017f', '😀']) {
      expect(sentenceOf(() => serverId(text))).to.equal(
        'server id expected only letters, digits, "." "_" and "-"',
      );
    }
  });
});
