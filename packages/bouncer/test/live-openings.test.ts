import { expect } from 'chai';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import type { Opening } from '@bouncer-spa/bouncer/dist/core/door.js';
import { LiveOpenings } from '@bouncer-spa/bouncer/dist/core/live-openings.js';
import { ranges } from './port-ranges.js';

const SETS = new Set(['tcp_22_ipv4', 'tcp_22_ipv6']);
const [SSH] = ranges('tcp/22');

function opening(text: string, seconds: number): Opening {
  const address = parseAddress(text);
  if (address === undefined || SSH === undefined) throw new Error(text);
  return { ports: SSH, address, seconds };
}

describe('Live openings', () => {
  let live: LiveOpenings;

  beforeEach(() => {
    live = new LiveOpenings();
    live.opened('tcp_22_ipv4', '192.0.2.1', 30, 1_000);
  });

  it('that somebody has taken out are missing, with the time that they have left', () => {
    live.opened('tcp_22_ipv6', '2001:db8::1', 60, 1_000);
    expect(live.missing(SETS, [opening('192.0.2.1', 20)], 11_000)).to.deep.equal([
      { set: 'tcp_22_ipv6', element: '2001:db8::1', seconds: 50 },
    ]);
  });

  it('are not missing when they were closed, or when their time is over', () => {
    live.opened('tcp_22_ipv6', '2001:db8::1', 60, 1_000);
    live.closed('tcp_22_ipv6', '2001:db8::1');
    expect(live.missing(SETS, [], 31_000)).to.deep.equal([]);
  });

  it('are put back as long as they have a second left', () => {
    expect(live.missing(SETS, [], 30_000)).to.have.length(1);
    expect(live.missing(SETS, [], 30_001)).to.deep.equal([]);
  });

  it('are forgotten when their set is', () => {
    expect(live.missing(new Set(), [], 2_000)).to.deep.equal([]);
    expect(live.missing(SETS, [], 2_000)).to.deep.equal([]);
  });

  it('that were found are known from then on, but for those without an end', () => {
    live.found([opening('2001:db8::1', 10), opening('192.0.2.9', Infinity)], 1_000);
    live.found([opening('192.0.2.1', 5)], 1_000);
    expect(live.missing(SETS, [], 6_000)).to.deep.equal([
      { set: 'tcp_22_ipv4', element: '192.0.2.1', seconds: 25 },
      { set: 'tcp_22_ipv6', element: '2001:db8::1', seconds: 5 },
    ]);
  });
});
