import { parseFrame } from '@bouncer-spa/bouncer/dist/core/frame.js';
import { expect } from 'chai';
import { PROTOCOL, udp } from './frame-builder.js';
import { KNOCK4_TEXT, knock4 } from './frame-samples.js';
import { resultText } from './frame-text.js';

/** Size in bytes of the packet that `knock4` builds without options: 20 of IPv4, 8 of UDP, 5 of payload. */
const SIZE = 33;

describe('an IPv4 packet', () => {
  it('is read with every size of options', () => {
    for (let words = 0; words <= 10; words++) {
      const packet = knock4({ options: Buffer.alloc(words * 4, 1) });
      expect(resultText(parseFrame('RAW', packet))).to.equal(KNOCK4_TEXT);
    }
  });

  it('whose header is smaller than a header can be is refused', () => {
    for (const headerWords of [0, 1, 2, 3, 4]) {
      expect(parseFrame('RAW', knock4({ headerWords }))).to.equal('malformed');
    }
    // Even if what would be the length of UDP fits: 21 here, 17 there.
    expect(parseFrame('RAW', knock4({ headerWords: 3, destination: '0.21.0.0' }))).to.equal('malformed');
    const payload = udp({ sourcePort: 17, destinationPort: 51324, payload: Buffer.from('knock') });
    expect(parseFrame('RAW', knock4({ headerWords: 4, payload }))).to.equal('malformed');
  });

  it('whose header is larger than the packet is refused', () => {
    // 33 bytes are 8 words and one byte.
    expect(parseFrame('RAW', knock4({ headerWords: 9 }))).to.equal('malformed');
    expect(parseFrame('RAW', knock4({ headerWords: 15 }))).to.equal('malformed');
  });

  it('whose header leaves no room for UDP is refused', () => {
    for (const headerWords of [7, 8]) {
      expect(parseFrame('RAW', knock4({ headerWords }))).to.equal('malformed');
    }
  });

  it('whose total length is smaller than its header is refused', () => {
    for (const totalLength of [1, 8, 19]) {
      expect(parseFrame('RAW', knock4({ totalLength }))).to.equal('malformed');
    }
    expect(parseFrame('RAW', knock4({ options: Buffer.alloc(8), totalLength: 27 }))).to.equal('malformed');
    expect(parseFrame('RAW', knock4({ protocol: PROTOCOL.tcp, totalLength: 19 }))).to.equal('malformed');
  });

  it('whose total length is zero, as segmentation offload leaves it, is refused whatever it carries', () => {
    expect(parseFrame('RAW', knock4({ totalLength: 0 }))).to.equal('malformed');
    expect(parseFrame('RAW', knock4({ totalLength: 0, protocol: PROTOCOL.tcp }))).to.equal('malformed');
  });

  it('ends at its total length, whatever the frame has behind it', () => {
    const padded = Buffer.concat([knock4(), Buffer.from('padding')]);
    expect(resultText(parseFrame('RAW', padded))).to.equal(KNOCK4_TEXT);
    // One byte less, and the UDP length reaches beyond the packet into the rest of the frame.
    expect(parseFrame('RAW', knock4({ totalLength: SIZE - 1 }))).to.equal('malformed');
  });

  it('whose total length is larger than the frame is refused', () => {
    for (const totalLength of [SIZE + 1, 1500, 65535]) {
      expect(parseFrame('RAW', knock4({ totalLength }))).to.equal('truncated');
    }
  });

  it('that is a fragment is refused: the first, one in the middle, the last', () => {
    for (const flagsAndFragmentOffset of [0x2000, 0x2001, 0x0001, 0x1fff, 0x3fff, 0x0100, 0x1000, 0x6000]) {
      expect(parseFrame('RAW', knock4({ flagsAndFragmentOffset }))).to.equal('fragment');
    }
  });

  it('is read with Don’t Fragment, without it, and with the reserved bit', () => {
    for (const flagsAndFragmentOffset of [0x0000, 0x4000, 0x8000, 0xc000]) {
      expect(resultText(parseFrame('RAW', knock4({ flagsAndFragmentOffset })))).to.equal(KNOCK4_TEXT);
    }
  });

  it('of any other protocol than UDP is refused', () => {
    for (let protocol = 0; protocol <= 255; protocol++) {
      if (protocol === PROTOCOL.udp) continue;
      expect(parseFrame('RAW', knock4({ protocol }))).to.equal('not-udp');
    }
  });

  it('from an address that no host has is refused', () => {
    const sources = [
      '0.0.0.0',
      '0.0.0.1',
      '0.255.255.255',
      '224.0.0.0',
      '239.255.255.255',
      '255.255.255.255',
    ];
    for (const source of sources) expect(parseFrame('RAW', knock4({ source }))).to.equal('address');
  });

  it('from the neighbours of those addresses is read', () => {
    const sources = ['1.0.0.0', '223.255.255.255', '240.0.0.0', '255.255.255.254', '127.0.0.1', '128.0.0.1'];
    for (const source of sources) {
      const text = `${source}.4660 > 198.51.100.9.51324: knock`;
      expect(resultText(parseFrame('RAW', knock4({ source })))).to.equal(text);
    }
  });

  it('to any address is read: which ones are this host’s is not for the parser to know', () => {
    for (const destination of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '127.0.0.1']) {
      const text = `192.0.2.7.4660 > ${destination}.51324: knock`;
      expect(resultText(parseFrame('RAW', knock4({ destination })))).to.equal(text);
    }
  });
});
