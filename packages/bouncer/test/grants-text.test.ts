import { expect } from 'chai';
import { grantsText } from '@bouncer-spa/bouncer/dist/cli/grants-text.js';
import { coloured, plain } from '@bouncer-spa/bouncer/dist/cli/style.js';
import type { GrantView } from '@bouncer-spa/bouncer/dist/core/grant-view.js';

const SSH: GrantView = {
  id: '0badcafe',
  client: 'alice',
  action: 'ssh',
  address: '2001:db8::7',
  argument: '',
  kind: 'open',
  seconds: 125,
  state: 'open',
  failure: undefined,
};
const VPN: GrantView = { ...SSH, id: 'deadbeef', action: 'vpn', address: '192.0.2.7', kind: 'lease' };

describe('The list of grants', () => {
  it('is in aligned columns, the one that ends first at the top', () => {
    const failing: GrantView = { ...VPN, seconds: 0, state: 'failing', failure: 'exited with status 1' };
    expect(grantsText([SSH, failing], plain)).to.equal(`ID        CLIENT  ACTION  ADDRESS      LEFT   STATE
deadbeef  alice   vpn     192.0.2.7    0s     failing: exited with status 1
0badcafe  alice   ssh     2001:db8::7  2m 5s  open
`);
    expect(grantsText([failing], coloured)).to.include('\x1b[31mfailing: exited with status 1\x1b[0m');
  });

  it('says when there are none', () => {
    expect(grantsText([], plain)).to.equal('no grants\n');
  });
});
