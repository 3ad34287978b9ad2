import { parseDuration } from '@bouncer-spa/opener/dist/core/duration.js';
import { expect } from 'chai';
import { refused } from './support/refused.js';

describe('a duration', () => {
  const readings: [string, number][] = [
    ['30', 30],
    ['30s', 30],
    ['10m', 600],
    ['2h', 7200],
    ['1d', 86_400],
    ['007', 7],
    ['4294967295', 4_294_967_295],
    ['49710d', 4_294_944_000],
  ];
  for (const [text, seconds] of readings) {
    it(`of ${text} is ${String(seconds)} seconds`, () => {
      expect(parseDuration(text)).to.equal(seconds);
    });
  }

  for (const text of [
    '',
    's',
    '-1',
    '+1',
    '1.5h',
    '1e3',
    '0x10',
    '10 m',
    ' 10',
    '10M',
    '1h30m',
    '10w',
    '٣',
  ]) {
    it(`is not ${JSON.stringify(text)}, and the hint shows the forms`, async () => {
      const { kind, problems } = await refused(() => parseDuration(text));
      expect(kind).to.equal('usage');
      expect(problems).to.deep.equal([
        {
          sentence: `duration expected a whole number and a unit, got ${JSON.stringify(text)}`,
          hint: 'write 30s, 10m, 2h or 1d; a plain number is seconds',
        },
      ]);
    });
  }

  for (const text of ['0', '0s', '000d']) {
    it(`is not zero, as in ${text}, which would mean the action's own`, async () => {
      const { message } = await refused(() => parseDuration(text));
      expect(message).to.equal('duration expected at least 1 second, got 0');
    });
  }

  for (const text of ['4294967296', '49711d', '9'.repeat(400)]) {
    it(`is not longer than a packet can say, as in ${text.slice(0, 12)}`, async () => {
      const { message } = await refused(() => parseDuration(text));
      expect(message).to.match(/^duration expected at most 4294967295 seconds, got /);
    });
  }
});
