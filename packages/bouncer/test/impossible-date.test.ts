import { impossibleDate } from '@bouncer-spa/bouncer/dist/core/impossible-date.js';
import { expect } from 'chai';

describe('A date in a config', () => {
  for (const date of [
    '2099-02-29',
    '2099-02-30',
    '2027-04-31',
    '2027-06-31',
    '2027-01-32',
    '2027-13-01',
    '2027-00-10',
    '2027-01-00',
  ]) {
    it(`is none in any calendar: ${date}`, () => {
      expect(impossibleDate(`[clients.alice]\nnot_after = ${date} # her last day\n`)).to.deep.equal({
        date,
        line: 2,
      });
    });
  }

  for (const date of ['2096-02-29', '2027-02-28', '2027-12-31T23:59:59Z', '2027-01-01']) {
    it(`is one: ${date}`, () => {
      expect(impossibleDate(`not_after=${date}\n`)).to.equal(undefined);
    });
  }

  it('is none that stands in a text or a comment', () => {
    expect(
      impossibleDate(`# not_after = 2099-02-30\nargument = "x=2099-02-30"\n"a=2099-02-30" = 1\n`),
    ).to.equal(undefined);
  });
});
