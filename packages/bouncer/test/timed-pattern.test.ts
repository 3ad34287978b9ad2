import { timedPattern } from '@bouncer-spa/bouncer/dist/system/timed-pattern.js';
import { expect } from 'chai';

describe('A timed pattern', () => {
  it('matches what its regular expression matches', () => {
    const pattern = timedPattern(/^(?:postfix|dovecot)$/u);
    expect(pattern.test('postfix')).to.equal(true);
    expect(pattern.test('postfix;')).to.equal(false);
  });

  it('does not match a text over which the expression would take for ever', () => {
    const pattern = timedPattern(/^(?:([a-z0-9]+[.-]?)+)$/u);
    expect(pattern.test('mail.example.net')).to.equal(true);
    expect(pattern.test(`${'a'.repeat(60)}!`)).to.equal(false);
  });

  it('goes on matching after one that it gave up', () => {
    timedPattern(/^(?:([a-z0-9]+[.-]?)+)$/u).test(`${'a'.repeat(60)}!`);
    expect(timedPattern(/^a$/u).test('a')).to.equal(true);
  });
});
