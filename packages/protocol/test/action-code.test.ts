import { expect } from 'chai';
import { actionCode, ProtocolError } from '@bouncer-spa/protocol';
import { sentenceOf } from './range-error.js';

describe('actionCode', () => {
  it('takes every integer that fits into two bytes', () => {
    for (const value of [0, 1, 21, 255, 256, 65534, 65535]) expect(actionCode(value)).to.equal(value);
  });

  it('refuses what does not fit, and says what it got', () => {
    for (const value of [-1, 65536, 1.5, 2 ** 32, NaN, Infinity, -Infinity]) {
      expect(sentenceOf(() => actionCode(value))).to.equal(
        `action code expected an integer from 0 to 65535, got ${value}`,
      );
    }
  });
});

describe('ProtocolError', () => {
  it('is an Error that is told apart by its name', () => {
    const error = new ProtocolError('a sentence');
    expect(error).to.be.instanceOf(Error);
    expect(String(error)).to.equal('ProtocolError: a sentence');
  });
});
