import { isLinkType, parseFrame } from '@bouncer-spa/bouncer/dist/core/frame.js';
import { expect } from 'chai';
import { cooked, ETHER_TYPE, ethernet, loopback } from './frame-builder.js';
import { KNOCK4_TEXT, KNOCK6_TEXT, knock4, knock6 } from './frame-samples.js';
import { resultText } from './frame-text.js';

// Written by hand, so that a builder and a parser with the same mistake do not agree with each other.
const IPV4 = '45000021000040004011 0000 c0000207 c6336409 1234 c87c 000d 0000 6b6e6f636b';
const IPV6 =
  '60000000000d1140 20010db8000000000000000000000007 20010db8000000000000000000000009' +
  '1234 c87c 000d 0000 6b6e6f636b';

const FROM_IPV4 = {
  source: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7),
  sourcePort: 4660,
  destination: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 9),
  destinationPort: 51324,
  payload: bytes('6b6e6f636b'),
};
const FROM_IPV6 = {
  ...FROM_IPV4,
  source: Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7),
  destination: Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9),
};

describe('a frame', () => {
  it('of Ethernet has its IPv4 datagram read', () => {
    const frame = bytes(`020000000009 020000000007 0800 ${IPV4}`);
    expect(parseFrame('ETHERNET', frame)).to.deep.equal(FROM_IPV4);
  });

  it('of Ethernet with an 802.1Q tag has its IPv6 datagram read', () => {
    const frame = bytes(`020000000009 020000000007 8100 0005 86dd ${IPV6}`);
    expect(parseFrame('ETHERNET', frame)).to.deep.equal(FROM_IPV6);
  });

  it('of Linux cooked capture has its IPv6 datagram read', () => {
    const frame = bytes(`0000 0001 0006 020000000007 0000 86dd ${IPV6}`);
    expect(parseFrame('LINKTYPE_LINUX_SLL', frame)).to.deep.equal(FROM_IPV6);
  });

  it('of Linux cooked capture with an 802.1Q tag has its IPv4 datagram read', () => {
    const frame = bytes(`0000 0001 0006 020000000007 0000 8100 0005 0800 ${IPV4}`);
    expect(parseFrame('LINKTYPE_LINUX_SLL', frame)).to.deep.equal(FROM_IPV4);
  });

  it('of Linux cooked capture, version 2, has its IPv4 datagram read', () => {
    const frame = bytes(`0800 0000 00000003 0001 00 06 0200000000070000 ${IPV4}`);
    expect(parseFrame('LINKTYPE_LINUX_SLL2', frame)).to.deep.equal(FROM_IPV4);
  });

  it('of Linux cooked capture, version 2, has its IPv6 datagram read, unless this host sent it', () => {
    const frame = bytes(`86dd 0000 00000003 0001 04 06 0200000000070000 ${IPV6}`);
    expect(parseFrame('LINKTYPE_LINUX_SLL2', frame)).to.equal('outgoing');
    frame[10] = 1;
    expect(parseFrame('LINKTYPE_LINUX_SLL2', frame)).to.deep.equal(FROM_IPV6);
  });

  it('of BSD loopback has its IPv4 datagram read', () => {
    expect(parseFrame('NULL', bytes(`02000000 ${IPV4}`))).to.deep.equal(FROM_IPV4);
  });

  it('of raw IP has its IPv4 or IPv6 datagram read', () => {
    expect(parseFrame('RAW', bytes(IPV4))).to.deep.equal(FROM_IPV4);
    expect(parseFrame('RAW', bytes(IPV6))).to.deep.equal(FROM_IPV6);
  });

  it('lends its bytes to the payload instead of copying them, and copies the addresses', () => {
    const frame = bytes(IPV4);
    const result = parseFrame('RAW', frame);
    frame.fill(0x21);
    expect(resultText(result)).to.equal('192.0.2.7.4660 > 198.51.100.9.51324: !!!!!');
  });

  it('that lies in the middle of a larger buffer is read from its own beginning', () => {
    const buffer = bytes(`ffffffffff ${IPV4} ffffffffff`);
    expect(parseFrame('RAW', buffer.subarray(5, -5))).to.deep.equal(FROM_IPV4);
  });
});

describe('a link type', () => {
  it('is one of the five that can be read', () => {
    const names = ['ETHERNET', 'LINKTYPE_LINUX_SLL', 'LINKTYPE_LINUX_SLL2', 'NULL', 'RAW'];
    expect(names.filter(isLinkType)).to.have.length(5);
  });

  it('is not a link type of cap that cannot be read, nor a property that every object has', () => {
    const others = ['IEEE802_11_RADIO', 'Unknown linktype 276', 'ethernet', '', 'toString', '__proto__'];
    expect(others.filter(isLinkType)).to.deep.equal([]);
  });
});

describe('an EtherType', () => {
  it('is found behind one tag of each kind', () => {
    for (const type of [0x8100, 0x88a8, 0x9100]) {
      const fields = { tags: [{ type, vlan: 4095 }] };
      expect(resultText(parseFrame('ETHERNET', ethernet(knock4(), fields)))).to.equal(KNOCK4_TEXT);
      expect(resultText(parseFrame('LINKTYPE_LINUX_SLL', cooked(knock6(), fields)))).to.equal(KNOCK6_TEXT);
    }
  });

  it('is found behind two tags of any kinds', () => {
    const types = [0x8100, 0x88a8, 0x9100];
    for (const outer of types) {
      for (const inner of types) {
        const fields = { tags: [outer, inner].map((type) => ({ type, vlan: 7 })) };
        expect(resultText(parseFrame('ETHERNET', ethernet(knock4(), fields)))).to.equal(KNOCK4_TEXT);
        expect(resultText(parseFrame('LINKTYPE_LINUX_SLL', cooked(knock4(), fields)))).to.equal(KNOCK4_TEXT);
      }
    }
  });

  it('is not looked for behind three tags', () => {
    const fields = { tags: Array.from({ length: 3 }, () => ({ type: ETHER_TYPE.vlan, vlan: 7 })) };
    expect(parseFrame('ETHERNET', ethernet(knock4(), fields))).to.equal('too-deep');
    expect(parseFrame('LINKTYPE_LINUX_SLL', cooked(knock4(), fields))).to.equal('too-deep');
  });

  it('other than that of IPv4 and IPv6 is refused, also behind a tag', () => {
    // ARP, a length of IEEE 802.3, PPPoE, MPLS, and two that differ from IP in one byte.
    for (const etherType of [0x0806, 0x0021, 0x8864, 0x8847, 0x0801, 0x86d0]) {
      const tags = [{ type: ETHER_TYPE.vlan, vlan: 7 }];
      expect(parseFrame('ETHERNET', ethernet(knock4(), { etherType }))).to.equal('not-ip');
      expect(parseFrame('ETHERNET', ethernet(knock4(), { etherType, tags }))).to.equal('not-ip');
      expect(parseFrame('LINKTYPE_LINUX_SLL', cooked(knock4(), { etherType }))).to.equal('not-ip');
    }
  });

  it('other than that of IP is refused as that, also where the frame ends with it', () => {
    const frame = ethernet(Buffer.alloc(0), { etherType: 0x0806 });
    expect(parseFrame('ETHERNET', frame)).to.equal('not-ip');
    expect(parseFrame('ETHERNET', frame.subarray(0, -1))).to.equal('truncated');
  });

  it('that disagrees with the version of the packet is refused', () => {
    const { ipv4, ipv6 } = ETHER_TYPE;
    for (const version of [0, 5, 6, 15]) {
      expect(parseFrame('ETHERNET', ethernet(knock4({ version }), { etherType: ipv4 }))).to.equal(
        'malformed',
      );
    }
    for (const version of [0, 4, 7, 15]) {
      expect(parseFrame('ETHERNET', ethernet(knock6({ version }), { etherType: ipv6 }))).to.equal(
        'malformed',
      );
    }
    expect(parseFrame('ETHERNET', ethernet(knock6(), { etherType: ipv4 }))).to.equal('malformed');
    expect(
      parseFrame('ETHERNET', ethernet(knock4({ options: Buffer.alloc(40) }), { etherType: ipv6 })),
    ).to.equal('malformed');
  });
});

describe('a cooked frame', () => {
  it('that this host received is read: to it, by broadcast, by multicast, or meant for another', () => {
    for (const packetType of [0, 1, 2, 3]) {
      const frame = cooked(knock4(), { packetType });
      expect(resultText(parseFrame('LINKTYPE_LINUX_SLL', frame))).to.equal(KNOCK4_TEXT);
    }
  });

  it('that this host sent is refused', () => {
    expect(parseFrame('LINKTYPE_LINUX_SLL', cooked(knock4(), { packetType: 4 }))).to.equal('outgoing');
  });

  it('that is cut off is truncated before anything else', () => {
    for (const packetType of [4, 5]) {
      for (let size = 0; size < 14; size++) {
        const frame = cooked(knock4(), { packetType }).subarray(0, size);
        expect(parseFrame('LINKTYPE_LINUX_SLL', frame)).to.equal('truncated');
      }
    }
  });

  it('of whose packet nothing is there is truncated, unless its header says enough', () => {
    for (const [type, size] of [
      ['LINKTYPE_LINUX_SLL', 14],
      ['LINKTYPE_LINUX_SLL2', 20],
    ] as const) {
      const header = Buffer.alloc(size);
      header[type === 'LINKTYPE_LINUX_SLL' ? 1 : 10] = 4;
      expect(parseFrame(type, header), type).to.equal('outgoing');
      expect(parseFrame(type, header.subarray(0, -1)), type).to.equal('truncated');
    }
  });

  it('of a packet type that there is not is refused', () => {
    for (const packetType of [5, 7, 0x0400, 0xffff]) {
      expect(parseFrame('LINKTYPE_LINUX_SLL', cooked(knock4(), { packetType }))).to.equal('malformed');
    }
  });
});

describe('a loopback frame', () => {
  it('is read in either byte order, with the number that each system has for IPv6', () => {
    for (const order of ['little', 'big'] as const) {
      expect(resultText(parseFrame('NULL', loopback(knock4(), 2, order)))).to.equal(KNOCK4_TEXT);
      for (const family of [10, 24, 28, 30]) {
        expect(resultText(parseFrame('NULL', loopback(knock6(), family, order)))).to.equal(KNOCK6_TEXT);
      }
    }
  });

  it('of another address family is refused', () => {
    for (const family of [
      0, 1, 3, 7, 23, 29, 0x0200, 0x020000, 0x02000002, 0x02000100, 0x02010000, 0xffffffff,
    ]) {
      expect(parseFrame('NULL', loopback(knock4(), family))).to.equal('not-ip');
      expect(parseFrame('NULL', loopback(knock4(), family, 'big'))).to.equal('not-ip');
      expect(parseFrame('NULL', loopback(Buffer.alloc(0), family))).to.equal('not-ip');
    }
  });

  it('whose family disagrees with the version of the packet is refused', () => {
    expect(parseFrame('NULL', loopback(knock6(), 2))).to.equal('malformed');
    expect(parseFrame('NULL', loopback(knock4({ options: Buffer.alloc(40) }), 10))).to.equal('malformed');
  });
});

describe('a raw frame', () => {
  it('of another version than 4 and 6 is refused', () => {
    for (const version of [0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15]) {
      expect(parseFrame('RAW', knock4({ version }))).to.equal('not-ip');
    }
  });
});

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}
