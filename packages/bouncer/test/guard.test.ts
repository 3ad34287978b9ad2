import { expect } from 'chai';
import {
  closeLines,
  guardLines,
  openLines,
  portsOfSet,
  removeLines,
  setOf,
  setsOf,
  unguarded,
  type GuardPlan,
} from '@bouncer-spa/bouncer/dist/core/guard.js';
import { formatPortRange } from '@bouncer-spa/bouncer/dist/core/port-range.js';
import { ranges } from './port-ranges.js';

const PLAN: GuardPlan = {
  closed: ranges('tcp/22', 'udp/60000-61000'),
  openable: ranges('tcp/22', 'udp/60000-61000', 'tcp/22'),
};

describe('The guard', () => {
  it('is made anew in one transaction, and closes its ports but for the addresses in their sets', () => {
    expect(guardLines(PLAN, undefined, undefined)).to.deep.equal([
      'add table inet bouncer',
      'delete table inet bouncer',
      'add table inet bouncer',
      'add chain inet bouncer input { type filter hook input priority -10; policy accept; }',
      'flush table inet bouncer',
      'add set inet bouncer tcp_22_ipv4 { type ipv4_addr; flags timeout; }',
      'add set inet bouncer tcp_22_ipv6 { type ipv6_addr; flags timeout; }',
      'add set inet bouncer udp_60000_61000_ipv4 { type ipv4_addr; flags timeout; }',
      'add set inet bouncer udp_60000_61000_ipv6 { type ipv6_addr; flags timeout; }',
      'add rule inet bouncer input iif lo accept',
      'add rule inet bouncer input ct state established,related accept',
      'add rule inet bouncer input tcp dport 22 ip saddr @tcp_22_ipv4 accept',
      'add rule inet bouncer input tcp dport 22 ip6 saddr @tcp_22_ipv6 accept',
      'add rule inet bouncer input udp dport 60000-61000 ip saddr @udp_60000_61000_ipv4 accept',
      'add rule inet bouncer input udp dport 60000-61000 ip6 saddr @udp_60000_61000_ipv6 accept',
      'add rule inet bouncer input tcp dport 22 drop',
      'add rule inet bouncer input udp dport 60000-61000 drop',
    ]);
  });

  it('leaves sets that stay as they are, and removes those that nothing needs any more', () => {
    const present = setsOf({ closed: [], openable: ranges('tcp/22', 'tcp/80') }, true);
    const lines = guardLines(PLAN, present, undefined);
    expect(lines[0]).to.equal('add table inet bouncer');
    expect(lines.filter((line) => line.startsWith('delete'))).to.deep.equal([
      'delete set inet bouncer tcp_80_ipv4',
      'delete set inet bouncer tcp_80_ipv6',
      'delete set inet bouncer trial',
    ]);
  });

  it('on trial closes nothing once the kernel has ended the elements of the set "trial"', () => {
    const lines = guardLines(PLAN, undefined, { seconds: 300, keeps: [] });
    const added = lines.filter((line) => !guardLines(PLAN, undefined, undefined).includes(line));
    expect(added).to.deep.equal([
      'add set inet bouncer trial { type inet_proto; flags timeout; }',
      'add element inet bouncer trial { tcp timeout 300s }',
      'delete element inet bouncer trial { tcp }',
      'add element inet bouncer trial { tcp timeout 300s }',
      'add element inet bouncer trial { udp timeout 300s }',
      'delete element inet bouncer trial { udp }',
      'add element inet bouncer trial { udp timeout 300s }',
      'add rule inet bouncer input tcp dport 22 meta l4proto @trial drop',
      'add rule inet bouncer input udp dport 60000-61000 meta l4proto @trial drop',
    ]);
    expect(lines.filter((line) => line.endsWith('drop'))).to.have.length(2);
  });

  it('on trial leaves ports closed without condition that were closed before', () => {
    const lines = guardLines(PLAN, undefined, { seconds: 300, keeps: ranges('tcp/22', 'tcp/443') });
    expect(lines.filter((line) => line.endsWith('drop'))).to.deep.equal([
      'add rule inet bouncer input tcp dport 22 drop',
      'add rule inet bouncer input tcp dport 443 drop',
      'add rule inet bouncer input udp dport 60000-61000 meta l4proto @trial drop',
    ]);
  });

  it('is removed whether or not it is there', () => {
    expect(removeLines()).to.deep.equal(['add table inet bouncer', 'delete table inet bouncer']);
  });

  it('names its sets after their ports, and knows the ports by the name', () => {
    for (const [name, text] of [
      ['tcp_22_ipv4', 'tcp/22'],
      ['udp_60000_61000_ipv4', 'udp/60000-61000'],
    ] as const) {
      const ports = portsOfSet(name);
      expect(ports && formatPortRange(ports)).to.equal(text);
      expect(ports && setOf(ports, 'ipv4')).to.equal(name);
    }
    for (const name of ['trial', 'tcp_22', 'tcp_22_ipv5', 'sctp_22_ipv4', 'xtcp_22_ipv4', 'tcp_22_ipv4x'])
      expect(portsOfSet(name), name).to.equal(undefined);
  });
});

describe('The lines for an element', () => {
  it('give it its whole time anew in every set, whether or not it is there', () => {
    expect(openLines(['inet a b', 'ip c d'], '192.0.2.1', 30)).to.deep.equal([
      'add element inet a b { 192.0.2.1 timeout 30s }',
      'delete element inet a b { 192.0.2.1 }',
      'add element inet a b { 192.0.2.1 timeout 30s }',
      'add element ip c d { 192.0.2.1 timeout 30s }',
      'delete element ip c d { 192.0.2.1 }',
      'add element ip c d { 192.0.2.1 timeout 30s }',
    ]);
  });

  it('tell the time to the millisecond, and never none at all', () => {
    for (const [seconds, text] of [
      [1.5, '1s500ms'],
      [0.2504, '0s250ms'],
      [0, '0s1ms'],
      [4_294_967, '4294967s'],
    ] as const) {
      expect(openLines(['inet a b'], '::1', seconds)[0]).to.equal(
        `add element inet a b { ::1 timeout ${text} }`,
      );
    }
  });

  it('take it out whether or not it is there', () => {
    expect(closeLines(['inet a b'], '::1')).to.deep.equal([
      'add element inet a b { ::1 timeout 1s }',
      'delete element inet a b { ::1 }',
    ]);
  });
});

describe('unguarded', () => {
  const closed = ranges('tcp/20-22', 'tcp/23-30', 'udp/53', 'tcp/25-26');

  it('finds nothing to say about ports that are closed, by one range or by several', () => {
    expect(unguarded(closed, ranges('tcp/22', 'tcp/20-30', 'udp/53', 'tcp/21-24'))).to.deep.equal([]);
  });

  it('finds nothing to say about them in whatever order they are closed', () => {
    const upwards = ranges('tcp/20-22', 'tcp/23-24', 'tcp/25-30');
    const [first, second, third] = upwards;
    for (const order of [
      [third, second, first],
      [second, third, first],
      [third, first, second],
    ])
      expect(
        unguarded(
          order.flatMap((range) => range ?? []),
          ranges('tcp/20-30'),
        ),
      ).to.deep.equal([]);
  });

  it('of another transport closes nothing', () => {
    expect(unguarded(ranges('tcp/53'), ranges('udp/53'))).to.deep.equal(ranges('udp/53'));
  });

  it('finds ports of which any is not closed', () => {
    for (const text of ['tcp/19-22', 'tcp/30-31', 'tcp/53', 'udp/22', 'udp/52-54'])
      expect(unguarded(closed, ranges(text)), text).to.deep.equal(ranges(text));
  });
});
