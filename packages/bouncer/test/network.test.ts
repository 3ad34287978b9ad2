import { BlockList } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  coverEverything,
  networkContains,
  parseNetwork,
  type Network,
} from '@bouncer-spa/bouncer/dist/core/network.js';

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

function ipv4(...octets: number[]): Uint8Array {
  return Uint8Array.of(...MAPPED, ...octets);
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

/** The text of 4 or 16 bytes, written out. */
function textOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  return (Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []).join(':');
}

function withoutHostBits(bytes: Uint8Array, bits: number): number[] {
  return Array.from(bytes, (byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))) & 0xff);
}

function flipped(bytes: readonly number[], bit: number): number[] {
  return bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
}

describe('coverEverything', () => {
  it('is true of all of IPv4 beside all of IPv6, and of nothing less', () => {
    const all = ['0.0.0.0/0', '::/0'];
    for (const texts of [all, all.toReversed(), ['192.0.2.0/24', ...all]])
      expect(coverEverything(texts.map(network)), texts.join()).to.equal(true);
    for (const texts of [
      [],
      ['0.0.0.0/0'],
      ['::/0'],
      ['::/0', '::/96'],
      ['0.0.0.0/0', '::/1'],
      ['0.0.0.0/1', '::/0'],
    ])
      expect(coverEverything(texts.map(network)), texts.join()).to.equal(false);
  });
});

describe('parseNetwork', () => {
  it('reads IPv4 networks, whose bits count from the start of the mapped address', () => {
    expect(parseNetwork('192.0.2.0/24')).to.deep.equal({
      address: ipv4(192, 0, 2, 0),
      bits: 120,
      ipv4: true,
    });
    expect(parseNetwork('0.0.0.0/0')).to.deep.equal({ address: ipv4(0, 0, 0, 0), bits: 96, ipv4: true });
    expect(parseNetwork('192.0.2.7/32')).to.deep.equal({
      address: ipv4(192, 0, 2, 7),
      bits: 128,
      ipv4: true,
    });
  });

  it('reads IPv6 networks', () => {
    const address = hex('20010db8000000000000000000000000');
    expect(parseNetwork('2001:db8::/32')).to.deep.equal({ address, bits: 32, ipv4: false });
    expect(parseNetwork('::/0')).to.deep.equal({ address: new Uint8Array(16), bits: 0, ipv4: false });
  });

  it('reads an address alone as the network of just that one', () => {
    expect(parseNetwork('192.0.2.7')).to.deep.equal(parseNetwork('192.0.2.7/32'));
    expect(parseNetwork('2001:db8::1')).to.deep.equal(parseNetwork('2001:db8::1/128'));
  });

  it('says what is no network', () => {
    for (const text of [
      '',
      '/8',
      'localhost',
      '192.0.2/24',
      '192.0.2.0/24/8',
      '192.0.2.0//24',
      '2001:db8::%eth0/32',
      ' ::/0',
    ]) {
      expect(parseNetwork(text)).to.equal(`"${text}" is not a network such as 192.0.2.0/24 or 2001:db8::/32`);
    }
  });

  it('says that the number of bits is missing or none', () => {
    for (const text of [
      '192.0.2.0/',
      '192.0.2.0/x',
      '192.0.2.0/-1',
      '192.0.2.0/+8',
      '192.0.2.0/ 8',
      '192.0.2.0/8 ',
      '192.0.2.0/8.0',
      '192.0.2.0/0x8',
      '::/1000',
      '192.0.2.0/255.255.255.0',
    ]) {
      expect(parseNetwork(text)).to.equal(`"${text}" has no number of bits after the slash`);
    }
  });

  it('says that there are too many bits', () => {
    expect(parseNetwork('192.0.2.0/33')).to.equal('"192.0.2.0/33" has more than 32 bits');
    expect(parseNetwork('192.0.2.0/128')).to.equal('"192.0.2.0/128" has more than 32 bits');
    expect(parseNetwork('2001:db8::/129')).to.equal('"2001:db8::/129" has more than 128 bits');
  });

  it('says that an address has bits behind the network', () => {
    expect(parseNetwork('192.0.2.7/24')).to.equal('"192.0.2.7/24" has bits set behind the first 24');
    expect(parseNetwork('192.0.2.1/31')).to.equal('"192.0.2.1/31" has bits set behind the first 31');
    expect(parseNetwork('128.0.0.0/0')).to.equal('"128.0.0.0/0" has bits set behind the first 0');
    expect(parseNetwork('2001:db8::1/32')).to.equal('"2001:db8::1/32" has bits set behind the first 32');
    expect(parseNetwork('::1/127')).to.equal('"::1/127" has bits set behind the first 127');
  });

  it('says that an IPv4 network is to be written as one', () => {
    for (const text of ['::ffff:192.0.2.0/120', '::ffff:c000:207', '::ffff:0:0/96']) {
      expect(parseNetwork(text)).to.equal(
        `"${text}" is IPv4 in the form of IPv6: write it like 192.0.2.0/24`,
      );
    }
  });

  it('gives no network that lacks its own address, also not one in mapped spelling', () => {
    for (const text of [
      '192.0.2.0/24',
      '2001:db8::/32',
      '::/0',
      '::ffff:192.0.2.0/120',
      '::ffff:192.0.2.7',
      '::ffff:0:0/96',
    ]) {
      const parsed = parseNetwork(text);
      if (typeof parsed !== 'string') expect(networkContains(parsed, parsed.address), text).to.equal(true);
    }
  });
});

describe('networkContains', () => {
  it('holds what BlockList of node holds, IPv4 and IPv6, inside and one bit outside', () => {
    const family = fc.constantFrom({ size: 4, type: 'ipv4' as const }, { size: 16, type: 'ipv6' as const });
    const sample = family.chain(({ size, type }) =>
      fc.record({
        type: fc.constant(type),
        bytes: fc.uint8Array({ minLength: size, maxLength: size }),
        bits: fc.integer({ min: 0, max: 8 * size }),
        flips: fc.array(fc.nat(8 * size - 1), { maxLength: 2 }),
      }),
    );
    fc.assert(
      fc.property(sample, ({ type, bytes, bits, flips }) => {
        const first = withoutHostBits(bytes, bits);
        const address = flips.reduce<number[]>(flipped, Array.from(bytes));
        const reference = new BlockList();
        reference.addSubnet(textOf(first), bits, type);
        const source = type === 'ipv4' ? ipv4(...address) : Uint8Array.from(address);
        fc.pre(type === 'ipv4' || !MAPPED.every((byte, at) => byte === address[at]));
        expect(networkContains(network(`${textOf(first)}/${bits}`), source)).to.equal(
          reference.check(textOf(address), type),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('looks at exactly the bits of the network', () => {
    const address = [0x20, 0x01, 0x0d, 0xb8, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0];
    for (let bits = 0; bits <= 128; bits++) {
      const held = network(`${textOf(withoutHostBits(Uint8Array.from(address), bits))}/${bits}`);
      for (let bit = 0; bit < 128; bit++) {
        const source = Uint8Array.from(flipped(address, bit));
        expect(networkContains(held, source), `bit ${bit} of /${bits}`).to.equal(bit >= bits);
      }
    }
  });

  it('holds no IPv4 address in an IPv6 network, and the other way round', () => {
    expect(networkContains(network('::/0'), ipv4(192, 0, 2, 7))).to.equal(false);
    expect(networkContains(network('0.0.0.0/0'), hex('20010db8000000000000000000000001'))).to.equal(false);
    expect(networkContains(network('0.0.0.0/0'), hex('000000000000000000000000c0000207'))).to.equal(false);
  });

  it('holds all of IPv4 in 0.0.0.0/0 and all else in ::/0', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (octets) =>
        networkContains(network('0.0.0.0/0'), ipv4(...octets)),
      ),
    );
    for (const digits of ['00'.repeat(16), 'ff'.repeat(16), '00000000000000000000fffe01020304']) {
      expect(networkContains(network('::/0'), hex(digits))).to.equal(true);
    }
  });
});
