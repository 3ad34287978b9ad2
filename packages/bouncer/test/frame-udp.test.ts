import { parseFrame } from '@bouncer-spa/bouncer/dist/core/frame.js';
import { expect } from 'chai';
import { options, PROTOCOL, udp } from './frame-builder.js';
import { knock4, knock6 } from './frame-samples.js';
import { resultText } from './frame-text.js';

const PAYLOAD = Buffer.from('knock');

describe('a UDP datagram', () => {
  it('has any ports, also 0', () => {
    for (const [sourcePort, destinationPort] of [
      [0, 51324],
      [65535, 1],
      [1, 65535],
      [256, 0],
    ] as const) {
      const payload = udp({ sourcePort, destinationPort, payload: PAYLOAD });
      const text = `192.0.2.7.${sourcePort} > 198.51.100.9.${destinationPort}: knock`;
      expect(resultText(parseFrame('RAW', knock4({ payload })))).to.equal(text);
    }
  });

  it('may have no payload', () => {
    const result = parseFrame('RAW', knock4({ payload: datagram(Buffer.alloc(0)) }));
    expect(resultText(result)).to.equal('192.0.2.7.4660 > 198.51.100.9.51324: ');
  });

  it('may be as large as IPv4 and IPv6 carry it', () => {
    expect(payloadSize(knock4({ payload: datagram(Buffer.alloc(65507)) }))).to.equal(65507);
    expect(payloadSize(knock6({ payload: datagram(Buffer.alloc(65527)) }))).to.equal(65527);
  });

  it('that has less than its header in the packet is refused, even where the frame goes on', () => {
    for (let size = 0; size < 8; size++) {
      const payload = datagram(PAYLOAD).subarray(0, size);
      for (const packet of [knock4({ payload }), knock6({ payload })]) {
        expect(parseFrame('RAW', packet)).to.equal('malformed');
        expect(parseFrame('RAW', Buffer.concat([packet, Buffer.alloc(64, 8)]))).to.equal('malformed');
      }
    }
  });

  it('whose length is smaller than its header is refused, zero too', () => {
    for (let length = 0; length < 8; length++) {
      const payload = datagram(PAYLOAD, length);
      expect(parseFrame('RAW', knock4({ payload }))).to.equal('malformed');
      expect(parseFrame('RAW', knock6({ payload }))).to.equal('malformed');
    }
  });

  it('whose length is larger than what IP carries is refused, even where the frame goes on', () => {
    for (const length of [14, 20, 256, 65535]) {
      const payload = datagram(PAYLOAD, length);
      const extensions = [options(PROTOCOL.destinationOptions)];
      for (const packet of [knock4({ payload }), knock6({ payload }), knock6({ payload, extensions })]) {
        expect(parseFrame('RAW', packet)).to.equal('malformed');
        expect(parseFrame('RAW', Buffer.concat([packet, Buffer.alloc(70_000)]))).to.equal('malformed');
      }
    }
  });

  it('whose length is smaller than what IP carries ends at its length', () => {
    const payload = datagram(PAYLOAD, 10);
    expect(resultText(parseFrame('RAW', knock4({ payload })))).to.equal(
      '192.0.2.7.4660 > 198.51.100.9.51324: kn',
    );
    expect(resultText(parseFrame('RAW', knock6({ payload })))).to.equal(
      '2001:db8::7.4660 > 2001:db8::9.51324: kn',
    );
  });

  it('is read whatever its checksum', () => {
    const payload = datagram(PAYLOAD);
    payload.writeUInt16BE(0xbad1, 6);
    expect(resultText(parseFrame('RAW', knock4({ payload })))).to.equal(
      '192.0.2.7.4660 > 198.51.100.9.51324: knock',
    );
  });
});

function datagram(payload: Uint8Array, length = 8 + payload.length): Buffer {
  return udp({ sourcePort: 4660, destinationPort: 51324, payload, length });
}

function payloadSize(packet: Uint8Array): number | string {
  const result = parseFrame('RAW', packet);
  return typeof result === 'string' ? result : result.payload.length;
}
