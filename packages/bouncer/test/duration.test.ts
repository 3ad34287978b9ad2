import { expect } from 'chai';
import { parseDuration } from '@bouncer-spa/bouncer/dist/core/duration.js';

describe('parseDuration', () => {
  for (const [text, seconds] of [
    ['1s', 1],
    ['30s', 30],
    ['10m', 600],
    ['1h', 3_600],
    ['7d', 604_800],
    ['007s', 7],
    ['4294967295s', 0xffff_ffff],
    ['49710d', 49_710 * 86_400],
  ] as const) {
    it(`reads ${text} as ${seconds} seconds`, () => {
      expect(parseDuration(text)).to.equal(seconds);
    });
  }

  for (const text of ['0s', '0d', '4294967296s', '49711d', '9999999999d']) {
    it(`does not take ${text}, which is no time or more than a packet can ask for`, () => {
      expect(parseDuration(text)).to.equal(undefined);
    });
  }

  for (const text of [
    '',
    's',
    '30',
    '30S',
    '30 s',
    ' 30s',
    '30s ',
    '30s\n',
    '1h30m',
    '-1s',
    '1.5h',
    '10w',
    '٣s',
  ]) {
    it(`does not take ${JSON.stringify(text)}, which is no duration`, () => {
      expect(parseDuration(text)).to.equal(undefined);
    });
  }
});
