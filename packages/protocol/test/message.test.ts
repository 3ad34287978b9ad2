import { expect } from 'chai';
import {
  actionCode,
  ARGUMENT_MAX_SIZE,
  fewestBlocks,
  MAX_BLOCKS,
  MIN_BLOCKS,
  seal,
  sealWith,
  type Message,
  type PacketRandomness,
} from '@bouncer-spa/protocol';
import { sentenceOf } from './range-error.js';
import { messageOf, positiveCase, positiveCases, randomnessOf, sealerOf } from './vectors.js';

const base = positiveCase('base');
const sealer = sealerOf(base);

/** What is said to sealing the base message with one field changed. */
function refusal(field: Partial<Message>, randomness: Partial<PacketRandomness> = {}): string {
  return sentenceOf(() =>
    sealWith(sealer, { ...messageOf(base), ...field }, { ...randomnessOf(base), ...randomness }),
  );
}

describe('fewestBlocks', () => {
  it('is what the smallest positive vectors have', () => {
    for (const name of ['smallest', 'argument-fills', 'smallest-argument-15', 'smallest-argument-64']) {
      const { input } = positiveCase(name);
      expect(fewestBlocks(input.argument), name).to.equal(input.blocks);
    }
  });

  it('grows by one where the argument leaves no room for the last byte of padding', () => {
    for (const [bytes, blocks] of [
      [0, 4],
      [14, 4],
      [15, 5],
      [30, 5],
      [31, 6],
      [46, 6],
      [47, 7],
      [62, 7],
      [63, 8],
      [64, 8],
    ] as const) {
      expect(fewestBlocks('a'.repeat(bytes)), `${bytes} bytes`).to.equal(blocks);
    }
  });

  it('counts bytes of UTF-8, not characters', () => {
    expect(fewestBlocks('ä'.repeat(7))).to.equal(4);
    expect(fewestBlocks('ä'.repeat(8))).to.equal(5);
    expect(fewestBlocks('😀'.repeat(16))).to.equal(8);
  });
});

describe('the range of a message', () => {
  it('has as many blocks as its argument needs, to 28', () => {
    for (const blocks of [3, 29, 0, -1, 4.5, NaN]) {
      expect(refusal({ argument: '' }, { blocks })).to.equal(
        `blocks expected an integer from 4 to 28, got ${blocks}`,
      );
    }
    expect(refusal({ argument: 'a'.repeat(15) }, { blocks: 4 })).to.equal(
      'blocks expected an integer from 5 to 28, got 4',
    );
    for (const blocks of [MIN_BLOCKS, MAX_BLOCKS]) {
      const packet = sealWith(
        sealer,
        { ...messageOf(base), argument: '' },
        { ...randomnessOf(base), blocks },
      );
      expect(packet).to.have.length(60 + 16 * blocks);
    }
  });

  it('has whole seconds of duration that fit into four bytes', () => {
    for (const duration of [-1, 0.5, 2 ** 32, NaN, Infinity]) {
      expect(refusal({ duration })).to.equal(
        `duration expected whole seconds from 0 to 4294967295, got ${duration}`,
      );
    }
  });

  it('has a time in whole milliseconds', () => {
    for (const time of [1767225625500.5, 0.5, 2 ** 53]) {
      expect(refusal({ time })).to.equal(`time expected whole milliseconds since 1970, got ${time}`);
    }
  });

  it('has a time since 1970, and the refusal names the time, not a minute that nobody gave', () => {
    for (const time of [-1, -60_001, 2 ** 60, NaN, Infinity]) {
      expect(refusal({ time })).to.equal(`time expected whole milliseconds since 1970, got ${time}`);
    }
  });

  it('has an address of 16 bytes', () => {
    for (const length of [0, 4, 15, 17]) {
      expect(refusal({ address: new Uint8Array(length) })).to.equal(
        `address expected 16 bytes, got ${length}`,
      );
    }
  });

  it('has an argument of at most 64 bytes of UTF-8', () => {
    for (const [argument, bytes] of [
      ['a'.repeat(65), 65],
      ['ä'.repeat(33), 66],
      ['😀'.repeat(17), 68],
      ['a'.repeat(1000), 1000],
    ] as const) {
      expect(refusal({ argument }, { blocks: MAX_BLOCKS })).to.equal(
        `argument expected at most 64 bytes of UTF-8, got ${bytes}`,
      );
    }
    expect(fewestBlocks('a'.repeat(ARGUMENT_MAX_SIZE))).to.equal(8);
  });

  it('has an argument of Unicode text without NUL', () => {
    for (const argument of ['\0', 'a\0b', 'a\0', '\ud800', 'a\udc00', '\ude00\ud83d']) {
      expect(refusal({ argument })).to.equal('argument expected Unicode text without NUL');
    }
  });

  it('is the same for seal, which draws the number of blocks before anything is laid out', () => {
    const message = messageOf(base);
    const wrong: [Partial<Message>, string][] = [
      [{ duration: -1 }, 'duration expected whole seconds from 0 to 4294967295, got -1'],
      [{ time: 0.5 }, 'time expected whole milliseconds since 1970, got 0.5'],
      [{ address: new Uint8Array(4) }, 'address expected 16 bytes, got 4'],
      [{ argument: '\0' }, 'argument expected Unicode text without NUL'],
      [{ argument: 'a'.repeat(65) }, 'argument expected at most 64 bytes of UTF-8, got 65'],
    ];
    for (const [field, sentence] of wrong) {
      expect(sentenceOf(() => seal(sealer, { ...message, ...field }))).to.equal(sentence);
    }
  });

  it('is the same for seal when the argument would need more blocks than a packet has', () => {
    for (const bytes of [399, 400, 5000]) {
      expect(sentenceOf(() => seal(sealer, { ...messageOf(base), argument: 'a'.repeat(bytes) }))).to.equal(
        `argument expected at most 64 bytes of UTF-8, got ${bytes}`,
      );
    }
  });

  it('includes the message of every positive vector', () => {
    for (const vector of positiveCases) {
      const message = { ...messageOf(vector), actionCode: actionCode(vector.input.actionCode) };
      expect(() => sealWith(sealer, message, randomnessOf(vector)), vector.name).not.to.throw();
    }
  });
});
