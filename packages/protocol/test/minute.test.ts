import { expect } from 'chai';
import { MAX_DELTA, minute, minuteOf, windowAround } from '@bouncer-spa/protocol';
import { sentenceOf } from './range-error.js';
import { positiveCases } from './vectors.js';

/** floor(2^53 / 60000): the last minute whose milliseconds are exact integers. */
const LARGEST = 150_119_987_579;

describe('minute', () => {
  it('takes every minute whose times are exact in milliseconds', () => {
    for (const value of [0, 1, 29453760, 2 ** 32 + 5, LARGEST]) expect(minute(value)).to.equal(value);
  });

  it('refuses anything else, and says what it got', () => {
    for (const value of [-1, 0.5, LARGEST + 1, 2 ** 53, NaN, Infinity]) {
      expect(sentenceOf(() => minute(value))).to.equal(
        `minute expected an integer from 0 to 150119987579, got ${value}`,
      );
    }
  });
});

describe('minuteOf', () => {
  it('changes exactly at every 60,000th millisecond', () => {
    expect(minuteOf(0)).to.equal(0);
    expect(minuteOf(59_999)).to.equal(0);
    expect(minuteOf(60_000)).to.equal(1);
    expect(minuteOf(119_999)).to.equal(1);
    expect(minuteOf(1_767_225_599_999)).to.equal(29_453_759);
    expect(minuteOf(1_767_225_600_000)).to.equal(29_453_760);
  });

  it('takes fractions of a millisecond, as clocks give them', () => {
    expect(minuteOf(59_999.999)).to.equal(0);
  });

  it('gives the minute of every positive vector', () => {
    for (const { name, input, minute: expected } of positiveCases) {
      expect(minuteOf(input.timeMs), name).to.equal(expected);
    }
  });

  it('refuses a time before 1970 and a time that is none', () => {
    expect(sentenceOf(() => minuteOf(-1))).to.equal(
      'minute expected an integer from 0 to 150119987579, got -1',
    );
    expect(sentenceOf(() => minuteOf(NaN))).to.equal(
      'minute expected an integer from 0 to 150119987579, got NaN',
    );
    expect(sentenceOf(() => minuteOf(Infinity))).to.equal(
      'minute expected an integer from 0 to 150119987579, got Infinity',
    );
  });
});

describe('windowAround', () => {
  it('lists now and delta minutes either way, earliest first', () => {
    expect(windowAround(minute(100), 0)).to.deep.equal([100]);
    expect(windowAround(minute(100), 2)).to.deep.equal([98, 99, 100, 101, 102]);
    expect(windowAround(minute(100), MAX_DELTA)).to.have.length(21);
  });

  it('does not go below minute 0', () => {
    expect(windowAround(minute(0), 2)).to.deep.equal([0, 1, 2]);
    expect(windowAround(minute(1), 2)).to.deep.equal([0, 1, 2, 3]);
    expect(windowAround(minute(2), 2)).to.deep.equal([0, 1, 2, 3, 4]);
  });
});
