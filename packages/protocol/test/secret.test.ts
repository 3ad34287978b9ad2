import { expect } from 'chai';
import fc from 'fast-check';
import { gateKey, parseGateKey, parseSeed, ProtocolError, seed } from '@bouncer-spa/protocol';
import { sentenceOf } from './range-error.js';

const DIGITS = '00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100';
const BYTES = Uint8Array.from(Buffer.from(DIGITS, 'hex'));

for (const { what, make, parse } of [
  { what: 'seed', make: seed, parse: parseSeed },
  { what: 'gate key', make: gateKey, parse: parseGateKey },
]) {
  describe(`a ${what} from bytes`, () => {
    it('is 32 bytes', () => {
      expect(make(BYTES)).to.deep.equal(BYTES);
    });

    it('is a copy: later changes of what it was made of do not reach it', () => {
      const bytes = Uint8Array.from(BYTES);
      const made = make(bytes);
      bytes.fill(0xee);
      expect(made).to.deep.equal(BYTES);
    });

    it('is refused with any other length', () => {
      for (const length of [0, 16, 31, 33, 64]) {
        expect(sentenceOf(() => make(new Uint8Array(length)))).to.equal(
          `${what} expected 32 bytes, got ${length}`,
        );
      }
    });
  });

  describe(`a ${what} from text`, () => {
    it('is 64 hexadecimal digits of either case', () => {
      expect(parse(DIGITS)).to.deep.equal(BYTES);
      expect(parse(DIGITS.toUpperCase())).to.deep.equal(BYTES);
      expect(parse(DIGITS.toLowerCase())).to.deep.equal(BYTES);
    });

    it('may end in one line feed', () => {
      expect(parse(`${DIGITS}\n`)).to.deep.equal(BYTES);
    });

    it('is refused with any other number of digits', () => {
      for (const length of [0, 1, 62, 63]) {
        const sentence = `${what} expected 64 hexadecimal digits, got ${length}`;
        expect(sentenceOf(() => parse(DIGITS.slice(0, length)))).to.equal(sentence);
        expect(sentenceOf(() => parse(`${DIGITS.slice(0, length)}\n`))).to.equal(sentence);
      }
      expect(sentenceOf(() => parse(`${DIGITS}0`))).to.equal(
        `${what} expected 64 hexadecimal digits, got 65`,
      );
    });

    it('is refused with any other character', () => {
      for (const text of [
        `${DIGITS}\r\n`,
        `${DIGITS}\n\n`,
        `\n${DIGITS}`,
        ` ${DIGITS}`,
        `${DIGITS} `,
        `0x${DIGITS}`,
        `${DIGITS.slice(1)}g`,
        `${DIGITS.slice(2)}٠٠`,
        Buffer.from(BYTES).toString('base64'),
        'correct horse battery staple',
      ]) {
        expect(
          sentenceOf(() => parse(text)),
          JSON.stringify(text),
        ).to.equal(`${what} expected 64 hexadecimal digits, got other characters`);
      }
    });

    it('never appears in what its refusal says, nor in what an Error carries along', () => {
      const almostDigits = fc.stringMatching(/^[0-9a-fA-Fgx \n]{0,130}$/);
      fc.assert(
        fc.property(fc.oneof(almostDigits, fc.string({ unit: 'grapheme' })), (text) => {
          fc.pre(!/^[0-9A-Fa-f]{64}\n?$/.test(text));
          try {
            parse(text);
          } catch (error) {
            const { message, cause } = error as ProtocolError;
            expect(Object.keys(error as ProtocolError)).to.deep.equal(['name']);
            expect(cause).to.equal(undefined);
            expect(message).to.match(
              new RegExp(`^${what} expected 64 hexadecimal digits, got (other characters|\\d{1,3})$`),
            );
            return;
          }
          throw new Error('nothing was refused');
        }),
      );
    });
  });
}
