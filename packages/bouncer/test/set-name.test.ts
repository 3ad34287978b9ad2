import { expect } from 'chai';
import { formatSetName, parseSetName } from '@bouncer-spa/bouncer/dist/core/set-name.js';

describe('parseSetName', () => {
  for (const family of ['inet', 'ip', 'ip6']) {
    it(`reads a set of the family ${family}, and formatSetName writes it the same`, () => {
      const name = parseSetName(`${family} filter my_ssh-set.4`);
      if (typeof name === 'string') throw new Error(name);
      expect(name).to.deep.equal({ family, table: 'filter', set: 'my_ssh-set.4' });
      expect(formatSetName(name)).to.equal(`${family} filter my_ssh-set.4`);
    });
  }

  it('takes more spaces than one, and such as stand around', () => {
    expect(parseSetName('  inet   filter  set ')).to.deep.equal({
      family: 'inet',
      table: 'filter',
      set: 'set',
    });
  });

  for (const text of [
    '',
    'inet',
    'filter set',
    'inet filter',
    'inet filter set more',
    'bridge filter set',
    'inet\tfilter set',
  ]) {
    it(`refuses ${JSON.stringify(text)}, and shows what is expected`, () => {
      expect(parseSetName(text)).to.match(/ is no set such as "inet filter mysshset"/);
    });
  }

  for (const name of ['4set', '-set', 'a;b', 'a"b', 'a{', '@set', 'a\nb', 'x'.repeat(32)]) {
    it(`refuses the name ${JSON.stringify(name)}, which could be read as something else`, () => {
      expect(parseSetName(`inet filter ${name}`)).to.match(/ is no name that can be used here/);
      expect(parseSetName(`inet ${name} set`)).to.match(/ is no name that can be used here/);
    });
  }
});
