import { expect } from 'chai';
import { computeTag, decrypt, encrypt, verifyTag, type AeadKey } from '@bouncer-spa/protocol';
import { hex, positiveCase, publishedCases, sealerOf, toHex } from './vectors.js';

function flipped(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, at) => (at === index ? byte ^ 1 : byte));
}

describe('A256CBC-HS512', () => {
  const published = publishedCases.find((known) => known.algorithm === 'AEAD_AES_256_CBC_HMAC_SHA_512');
  if (published === undefined) throw new Error('published.json has no A256CBC-HS512');
  const key: AeadKey = { mac: hex(published.K).subarray(0, 32), encryption: hex(published.K).subarray(32) };
  const [iv, plaintext, data] = [hex(published.IV), hex(published.P), hex(published.A)];
  const [ciphertext, tag] = [hex(published.E), hex(published.T)];

  it('encrypts the plaintext of RFC 7518 appendix B.3 to its ciphertext', () => {
    expect(toHex(encrypt(key, iv, plaintext))).to.equal(published.E);
  });

  it('computes the tag of RFC 7518 appendix B.3', () => {
    expect(toHex(computeTag(key, data, iv, ciphertext))).to.equal(published.T);
  });

  it('finds the tag of RFC 7518 appendix B.3 right', () => {
    expect(verifyTag(key, data, iv, ciphertext, tag)).to.equal(true);
  });

  it('decrypts the ciphertext of RFC 7518 appendix B.3, with its sixteen bytes of padding left on', () => {
    expect(toHex(decrypt(key, iv, ciphertext))).to.equal(published.P + '10'.repeat(16));
  });

  it('finds the tag wrong when a byte of anything that it covers is another', () => {
    data.forEach((_, at) => {
      expect(verifyTag(key, flipped(data, at), iv, ciphertext, tag), `data ${at}`).to.equal(false);
    });
    iv.forEach((_, at) => {
      expect(verifyTag(key, data, flipped(iv, at), ciphertext, tag), `iv ${at}`).to.equal(false);
    });
    ciphertext.forEach((_, at) => {
      expect(verifyTag(key, data, iv, flipped(ciphertext, at), tag), `ciphertext ${at}`).to.equal(false);
    });
    tag.forEach((_, at) => {
      expect(verifyTag(key, data, iv, ciphertext, flipped(tag, at)), `tag ${at}`).to.equal(false);
    });
  });

  it('finds a tag of another length wrong, also the whole HMAC', () => {
    for (const other of [Buffer.alloc(0), tag.subarray(0, 31), hex(published.M), Buffer.concat([tag, tag])]) {
      expect(verifyTag(key, data, iv, ciphertext, other)).to.equal(false);
    }
  });

  it('tells data from IV by the length at the end: bytes moved from one to the other change the tag', () => {
    const moved = computeTag(key, data.subarray(0, -1), Buffer.concat([data.subarray(-1), iv]), ciphertext);
    expect(toHex(moved)).not.to.equal(published.T);
  });

  it('authenticates with one key and encrypts with the other', () => {
    const otherMac: AeadKey = { ...key, mac: flipped(key.mac, 0) };
    const otherEncryption: AeadKey = { ...key, encryption: flipped(key.encryption, 0) };
    expect(toHex(encrypt(otherMac, iv, plaintext))).to.equal(published.E);
    expect(toHex(computeTag(otherEncryption, data, iv, ciphertext))).to.equal(published.T);
    expect(toHex(encrypt(otherEncryption, iv, plaintext))).not.to.equal(published.E);
    expect(toHex(computeTag(otherMac, data, iv, ciphertext))).not.to.equal(published.T);
  });

  it('pads to whole blocks, and by a whole block where nothing is missing', () => {
    for (const [size, blocks] of [
      [0, 1],
      [1, 1],
      [15, 1],
      [16, 2],
      [63, 4],
      [447, 28],
    ] as const) {
      expect(encrypt(key, iv, Buffer.alloc(size))).to.have.length(16 * blocks);
    }
  });

  it('decrypts blocks whatever their padding is', () => {
    const { client } = sealerOf(positiveCase('base'));
    const anything = decrypt(client, Buffer.alloc(16), Buffer.alloc(64, 0xa5));
    expect(anything).to.have.length(64);
    expect(anything.at(-1)).not.to.equal(1);
  });
});
