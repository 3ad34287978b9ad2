import { actionCode, minute } from '@bouncer-spa/protocol';
import { expect } from 'chai';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { DecisionTally } from '@bouncer-spa/bouncer/dist/core/decision-tally.js';
import type { Accept } from '@bouncer-spa/bouncer/dist/core/verdict.js';

function accept(client: string, action: string, address = '192.0.2.7'): Accept {
  return {
    accepted: true,
    claim: { client, action, code: actionCode(21), minute: minute(1) },
    tag: new Uint8Array(32),
    address: parseAddress(address) ?? new Uint8Array(16),
    duration: 0,
    argument: '',
    deed: { kind: 'run', run: ['/bin/true'], timeout: 1_000 },
    mostGrants: 16,
  };
}

describe('The tally of decisions', () => {
  it('counts what was accepted by action, and what was rejected by reason', () => {
    const tally = new DecisionTally();
    tally.accept(accept('alice', 'ssh'), 1);
    tally.accept(accept('bob', 'ssh'), 2);
    tally.accept(accept('bob', 'vpn'), 3);
    for (const reason of ['replay', 'gate', 'replay'] as const) tally.reject({ accepted: false, reason });
    expect(tally.acceptedInAll).to.equal(3);
    expect([...tally.accepted]).to.deep.equal([
      ['ssh', 2],
      ['vpn', 1],
    ]);
    expect([...tally.rejected]).to.deep.equal([
      ['replay', 2],
      ['gate', 1],
    ]);
  });

  it("tells each client's latest acceptance", () => {
    const tally = new DecisionTally();
    tally.accept(accept('alice', 'ssh'), 1);
    tally.accept(accept('alice', 'vpn', '2001:db8::7'), 2);
    expect(tally.lastOf('alice')).to.deep.equal({ at: 2, action: 'vpn', address: '2001:db8::7' });
    expect(tally.lastOf('bob')).to.equal(undefined);
  });

  it('forgets clients and actions that are gone, but not how many packets there were', () => {
    const tally = new DecisionTally();
    tally.accept(accept('alice', 'ssh'), 1);
    tally.accept(accept('bob', 'vpn'), 2);
    tally.keep(new Set(['bob']), new Set(['ssh']));
    expect(tally.lastOf('alice')).to.equal(undefined);
    expect(tally.lastOf('bob')).to.not.equal(undefined);
    expect([...tally.accepted.keys()]).to.deep.equal(['ssh']);
    expect(tally.acceptedInAll).to.equal(2);
  });
});
