import { expect } from 'chai';
import { FACILITIES, priorityMark } from '@bouncer-spa/bouncer/dist/core/syslog-facility.js';

describe('priorityMark', () => {
  it('is eight times the facility and the priority, as the examples of RFC 5424 have it', () => {
    // Section 6.5: a critical one of auth, and a notice of local4.
    expect(priorityMark(2, 'auth')).to.equal('<34>');
    expect(priorityMark(5, 'local4')).to.equal('<165>');
  });

  it('has a number of its own for each facility, those of syslog.h', () => {
    expect(FACILITIES.map((facility) => [facility, priorityMark(0, facility)])).to.deep.equal([
      ['user', `<${1 << 3}>`],
      ['daemon', `<${3 << 3}>`],
      ['auth', `<${4 << 3}>`],
      ['authpriv', `<${10 << 3}>`],
      ...Array.from({ length: 8 }, (_, local) => [`local${local}`, `<${(16 + local) << 3}>`]),
    ]);
  });

  it('is the priority alone without a facility, as the journal reads it', () => {
    expect([2, 3, 4, 6, 7].map((priority) => priorityMark(priority))).to.deep.equal([
      '<2>',
      '<3>',
      '<4>',
      '<6>',
      '<7>',
    ]);
  });
});
