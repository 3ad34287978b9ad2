import { parseFrame } from '@bouncer-spa/bouncer/dist/core/frame.js';
import { expect } from 'chai';
import { fragment, options, PROTOCOL, routing, type Extension } from './frame-builder.js';
import { KNOCK, KNOCK6_TEXT, knock6 } from './frame-samples.js';
import { resultText } from './frame-text.js';

const HOP_BY_HOP = options(PROTOCOL.hopByHopOptions);
const DESTINATION = options(PROTOCOL.destinationOptions);

describe('an IPv6 packet', () => {
  it('ends at its payload length, whatever the frame has behind it', () => {
    const padded = Buffer.concat([knock6(), Buffer.from('padding')]);
    expect(resultText(parseFrame('RAW', padded))).to.equal(KNOCK6_TEXT);
    expect(parseFrame('RAW', knock6({ payloadLength: KNOCK.length - 1 }))).to.equal('malformed');
  });

  it('whose payload length is larger than the frame is refused', () => {
    for (const payloadLength of [KNOCK.length + 1, 1500, 65535]) {
      expect(parseFrame('RAW', knock6({ payloadLength }))).to.equal('truncated');
    }
  });

  it('whose payload length is zero, a jumbogram, is refused whatever it carries', () => {
    expect(parseFrame('RAW', knock6({ payloadLength: 0 }))).to.equal('malformed');
    expect(parseFrame('RAW', knock6({ payloadLength: 0, extensions: [HOP_BY_HOP] }))).to.equal('malformed');
    expect(parseFrame('RAW', knock6({ payloadLength: 0, protocol: PROTOCOL.tcp }))).to.equal('malformed');
  });

  it('whose payload has no room for a UDP header is refused', () => {
    for (const payloadLength of [1, 7]) {
      expect(parseFrame('RAW', knock6({ payloadLength }))).to.equal('malformed');
    }
  });

  it('from an address that no host has is refused', () => {
    for (const source of ['::', 'ff00::', 'ff02::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']) {
      expect(parseFrame('RAW', knock6({ source }))).to.equal('address');
    }
  });

  it('that has an IPv4-mapped address is refused, so that none passes for IPv4', () => {
    for (const address of ['::ffff:192.0.2.7', '::ffff:0.0.0.0', '::ffff:255.255.255.255']) {
      expect(parseFrame('RAW', knock6({ source: address }))).to.equal('address');
      expect(parseFrame('RAW', knock6({ destination: address }))).to.equal('address');
    }
  });

  it('from the neighbours of those addresses is read', () => {
    const sources = [
      '::1',
      '::2',
      '0:0:0:1::',
      '1::',
      '0:0:1::',
      '::1:0:0',
      '::1:0',
      'feff::1',
      'fe80::1',
      '::fffe:c000:207',
      '::1:ffff:c000:207',
      '::1:0:ffff:c000:207',
      '8000::ffff:c000:207',
      '64:ff9b::c000:207',
      '::ffff:0:c000:207',
    ];
    for (const source of sources) {
      const text = `${source}.4660 > 2001:db8::9.51324: knock`;
      expect(resultText(parseFrame('RAW', knock6({ source })))).to.equal(text);
    }
  });

  it('to any other address is read: which ones are this host’s is not for the parser to know', () => {
    for (const destination of ['::', '::1', 'ff02::1']) {
      const text = `2001:db8::7.4660 > ${destination}.51324: knock`;
      expect(resultText(parseFrame('RAW', knock6({ destination })))).to.equal(text);
    }
  });
});

describe('an IPv6 extension header', () => {
  it('of each kind that may stand in front of UDP is followed', () => {
    for (const extension of [HOP_BY_HOP, DESTINATION, routing(0), routing(0, 2)]) {
      expect(readWith(extension)).to.equal(KNOCK6_TEXT);
    }
  });

  it('is followed by the size that it states', () => {
    for (const units of [1, 2, 3, 31, 32]) {
      expect(readWith(options(PROTOCOL.hopByHopOptions, units))).to.equal(KNOCK6_TEXT);
      expect(readWith(options(PROTOCOL.destinationOptions, units))).to.equal(KNOCK6_TEXT);
    }
    // As large as one can be, 2048 bytes.
    expect(readWith({ type: PROTOCOL.routing, bytes: extensionBytes(255, 0) })).to.equal(KNOCK6_TEXT);
  });

  it('is followed eight times and no more', () => {
    expect(readWith(HOP_BY_HOP, ...Array<Extension>(7).fill(DESTINATION))).to.equal(KNOCK6_TEXT);
    expect(readWith(HOP_BY_HOP, ...Array<Extension>(8).fill(DESTINATION))).to.equal('too-deep');
    expect(readWith(...Array<Extension>(9).fill(routing(0)))).to.equal('too-deep');
  });

  it('with hop-by-hop options is refused behind another header', () => {
    expect(readWith(DESTINATION, HOP_BY_HOP)).to.equal('malformed');
    expect(readWith(HOP_BY_HOP, HOP_BY_HOP)).to.equal('malformed');
  });

  it('that routes the packet on to another host is refused', () => {
    for (const segmentsLeft of [1, 2, 255]) {
      expect(readWith(routing(segmentsLeft, 2))).to.equal('in-transit');
      expect(readWith(HOP_BY_HOP, DESTINATION, routing(segmentsLeft, 2))).to.equal('in-transit');
    }
  });

  it('with a 1 where a routing header has its segments left is followed, if it is no routing header', () => {
    const bytes = Uint8Array.of(0, 0, 1, 1, 0, 1, 1, 0);
    expect(readWith({ type: PROTOCOL.destinationOptions, bytes })).to.equal(KNOCK6_TEXT);
  });

  it('of a fragment is refused, also if the fragment is the whole packet', () => {
    for (const extension of [fragment(0, false), fragment(0, true), fragment(9, true), fragment(9, false)]) {
      expect(readWith(extension)).to.equal('fragment');
      expect(readWith(HOP_BY_HOP, extension)).to.equal('fragment');
    }
  });

  it('of every other kind is refused, directly and behind another', () => {
    const read = Object.values<number>([
      PROTOCOL.udp,
      PROTOCOL.hopByHopOptions,
      PROTOCOL.routing,
      PROTOCOL.destinationOptions,
      PROTOCOL.fragment,
    ]);
    for (let protocol = 0; protocol <= 255; protocol++) {
      if (read.includes(protocol)) continue;
      expect(parseFrame('RAW', knock6({ protocol }))).to.equal('not-udp');
      expect(parseFrame('RAW', knock6({ protocol, extensions: [DESTINATION] }))).to.equal('not-udp');
    }
  });

  it('that reaches beyond the packet is refused, even where the frame goes on', () => {
    const behind = Buffer.alloc(4096);
    for (const size of [2, 3, 255]) {
      for (const type of [PROTOCOL.hopByHopOptions, PROTOCOL.routing, PROTOCOL.destinationOptions]) {
        // Eight bytes of its own and 13 of UDP: one unit more would still end inside the packet.
        const packet = knock6({ extensions: [{ type, bytes: extensionBytes(0, size) }] });
        expect(parseFrame('RAW', packet)).to.equal('malformed');
        expect(parseFrame('RAW', Buffer.concat([packet, behind]))).to.equal('malformed');
      }
    }
  });

  it('that begins beyond or right before the end of the packet is refused', () => {
    const behind = Buffer.alloc(64);
    for (const protocol of [PROTOCOL.routing, PROTOCOL.destinationOptions, PROTOCOL.udp]) {
      for (const payload of [Buffer.alloc(0), Buffer.alloc(7)]) {
        const packet = knock6({ extensions: [DESTINATION], protocol, payload });
        expect(parseFrame('RAW', packet)).to.equal('malformed');
        expect(parseFrame('RAW', Buffer.concat([packet, behind]))).to.equal('malformed');
      }
    }
  });

  it('that reaches beyond the packet is refused, whatever it says comes next', () => {
    const extension = { type: PROTOCOL.destinationOptions, bytes: extensionBytes(0, 9) };
    const packet = knock6({ extensions: [extension], protocol: PROTOCOL.noNextHeader });
    expect(parseFrame('RAW', packet)).to.equal('malformed');
    expect(parseFrame('RAW', Buffer.concat([packet, Buffer.alloc(4096)]))).to.equal('malformed');
  });

  it('that has less than its 8 bytes in the packet is refused before any of them is believed', () => {
    for (const payloadLength of [1, 4, 7]) {
      // Its fourth byte would say that the packet is in transit.
      const packet = knock6({ extensions: [routing(1)], payloadLength });
      expect(parseFrame('RAW', packet)).to.equal('malformed');
    }
  });

  it('may be the last of the packet, which then has no datagram', () => {
    const fields = { extensions: [DESTINATION], payload: Buffer.alloc(0) };
    expect(parseFrame('RAW', knock6({ ...fields, protocol: PROTOCOL.noNextHeader }))).to.equal('not-udp');
    expect(parseFrame('RAW', knock6({ ...fields, protocol: PROTOCOL.udp }))).to.equal('malformed');
  });
});

function readWith(...extensions: Extension[]): string {
  return resultText(parseFrame('RAW', knock6({ extensions })));
}

/** An extension header that has `units` times 8 bytes beyond its first 8, and states `size` or that. */
function extensionBytes(units: number, size: number): Buffer {
  const bytes = Buffer.alloc(8 + units * 8);
  bytes.writeUInt8(size === 0 ? units : size, 1);
  return bytes;
}
