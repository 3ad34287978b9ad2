import { isIP, SocketAddress } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatAddress,
  isIpv4Mapped,
  parseAddress,
  sameAddress,
} from '@bouncer-spa/bouncer/dist/core/address.js';

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

function ipv4(...octets: number[]): Uint8Array {
  return Uint8Array.of(...MAPPED, ...octets);
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** All eight groups of an address, written out. */
function groups(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  ).join(':');
}

/** An IPv6 address as the C library writes it. */
function canonical(text: string): string {
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}

describe('parseAddress', () => {
  it('reads IPv4 as the mapped address', () => {
    expect(parseAddress('192.0.2.7')).to.deep.equal(ipv4(192, 0, 2, 7));
    expect(parseAddress('0.0.0.0')).to.deep.equal(ipv4(0, 0, 0, 0));
    expect(parseAddress('255.255.255.255')).to.deep.equal(ipv4(255, 255, 255, 255));
  });

  it('reads IPv6 in every spelling', () => {
    const bytes = hex('20010db8000000000000000a00000001');
    for (const text of [
      '2001:db8::a:0:1',
      '2001:DB8:0:0:0:A:0:1',
      '2001:0db8:0000:0000:0000:000a:0000:0001',
    ]) {
      expect(parseAddress(text), text).to.deep.equal(bytes);
    }
    expect(parseAddress('::')).to.deep.equal(new Uint8Array(16));
    expect(parseAddress('64:ff9b::192.0.2.7')).to.deep.equal(hex('0064ff9b0000000000000000c0000207'));
  });

  it('reads IPv4 and its mapped spelling as the same address', () => {
    for (const text of ['::ffff:192.0.2.7', '::FFFF:c000:207', '0:0:0:0:0:ffff:192.0.2.7']) {
      expect(parseAddress(text), text).to.deep.equal(ipv4(192, 0, 2, 7));
    }
  });

  it('does not take an IPv4-compatible IPv6 address for the IPv4 address', () => {
    expect(parseAddress('::192.0.2.7')).to.deep.equal(hex('000000000000000000000000c0000207'));
  });

  it('reads every IPv6 address as the C library does', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const bytes = parseAddress(text);
        expect(bytes).to.have.length(16);
        expect(canonical(groups(bytes ?? new Uint8Array()))).to.equal(canonical(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads every IPv4 address', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (octets) => {
        expect(parseAddress(octets.join('.'))).to.deep.equal(ipv4(...octets));
      }),
    );
  });

  it('knows no zone, no port, no prefix, no name and no space', () => {
    for (const text of [
      'fe80::1%eth0',
      '::%1',
      '[::1]',
      '[::1]:22',
      '192.0.2.7:22',
      '::1/128',
      'localhost',
      '',
    ]) {
      expect(parseAddress(text), text).to.equal(undefined);
    }
    for (const text of [' ::1', '::1 ', '::1\n', '192.0.2.7\n', ' 192.0.2.7', '192.0.2.7\0']) {
      expect(parseAddress(text), JSON.stringify(text)).to.equal(undefined);
    }
  });

  it('knows four decimal octets only, not what inet_aton takes beside them', () => {
    for (const text of [
      '192.0.2',
      '3221225991',
      '0xc0.0.2.7',
      '192.0.2.07',
      '0300.0.2.7',
      '192.0.2.256',
      '1.2.3.4.5',
    ]) {
      expect(parseAddress(text), text).to.equal(undefined);
    }
  });

  it('knows decimal octets only at the end of an IPv6 address too', () => {
    for (const text of [
      '::ffff:0300.0.2.7',
      '::ffff:0xc0.0.2.7',
      '::ffff:192.0.2.07',
      '::ffff:192.0.2.256',
    ]) {
      expect(parseAddress(text), text).to.equal(undefined);
    }
  });

  it('knows no text that the C library does not know', () => {
    const almost = fc.oneof(
      fc.stringMatching(/^[0-9a-f:.]{0,24}$/),
      fc.stringMatching(/^(::)?([0-9a-f]{0,4}:{1,2}){0,8}([0-9a-f]{1,4}|([0-9]{1,3}\.){3}[0-9]{1,3})?$/),
    );
    fc.assert(
      fc.property(almost, (text) => {
        expect(parseAddress(text) !== undefined, text).to.equal(isIP(text) !== 0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('formatAddress', () => {
  it('writes mapped addresses dotted', () => {
    expect(formatAddress(ipv4(192, 0, 2, 7))).to.equal('192.0.2.7');
    expect(formatAddress(ipv4(0, 0, 0, 0))).to.equal('0.0.0.0');
  });

  it('writes others as RFC 5952 says', () => {
    for (const [digits, text] of [
      ['20010db8000000000000000000000001', '2001:db8::1'],
      ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
      ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
      ['20010db8000000010000000000000001', '2001:db8:0:1::1'],
      ['2001ABCD00000000000000000000000F', '2001:abcd::f'],
      ['00000000000000000000000000000000', '::'],
      ['00010000000000000000000000000000', '1::'],
    ] as const) {
      expect(formatAddress(hex(digits))).to.equal(text);
    }
  });

  it('writes every IPv6 address as the URL standard does, which agrees with RFC 5952', () => {
    const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (values) => {
        const bytes = Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
        fc.pre(!isIpv4Mapped(bytes));
        expect(`[${formatAddress(bytes)}]`).to.equal(new URL(`http://[${groups(bytes)}]/`).hostname);
      }),
      { numRuns: 500 },
    );
  });

  it('writes what parseAddress reads as the same address', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(parseAddress(formatAddress(bytes))).to.deep.equal(bytes);
      }),
    );
  });
});

describe('isIpv4Mapped', () => {
  it('looks at all of the first 96 bits', () => {
    expect(isIpv4Mapped(ipv4(1, 2, 3, 4))).to.equal(true);
    for (let bit = 0; bit < 96; bit++) {
      const other = ipv4(1, 2, 3, 4);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      expect(isIpv4Mapped(other), `bit ${bit}`).to.equal(false);
    }
  });
});

describe('sameAddress', () => {
  it('compares every bit', () => {
    const address = hex('20010db8000102030405060708090a0b');
    expect(sameAddress(address, Uint8Array.from(address))).to.equal(true);
    for (let bit = 0; bit < 128; bit++) {
      const other = Uint8Array.from(address);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      expect(sameAddress(address, other), `bit ${bit}`).to.equal(false);
    }
  });

  it('does not take a beginning for the whole', () => {
    const address = hex('20010db8000102030405060708090a0b');
    expect(sameAddress(address, address.subarray(0, 15))).to.equal(false);
    expect(sameAddress(address.subarray(0, 15), address)).to.equal(false);
  });
});
