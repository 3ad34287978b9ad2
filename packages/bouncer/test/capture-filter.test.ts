import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  deriveGateSubkey,
  gateAt,
  gateKey,
  minute,
  parseGateKey,
  serverId,
  type Minute,
} from '@bouncer-spa/protocol';
import {
  captureFilter,
  filterCovers,
  filterExpression,
  portExpression,
} from '@bouncer-spa/bouncer/dist/core/capture-filter.js';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';

const PORT = 51_324;
const NOW = minute(29_453_760);
const ID = serverId('gate.example.org');

const policy: Policy = {
  serverId: ID,
  gate: deriveGateSubkey(gateKey(new Uint8Array(32).fill(7)), ID),
  delta: 2,
  clients: [],
  actions: [],
};

// --- Frames ---

interface Udp {
  readonly port?: number;
  readonly sourcePort?: number;
  /** Length field, if it is not to be the true one. */
  readonly length?: number;
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

/** The payload of a packet of some minute, as far as a filter looks. */
function packet(at: number, size = 140): Buffer {
  const gate = gateAt(policy.gate, minute(at));
  return Buffer.concat([gate, Buffer.alloc(Math.max(0, size - 4), 0x5a)]).subarray(0, size);
}

function udp(
  payload: Buffer,
  { port = PORT, sourcePort = 40_000, length = 8 + payload.length }: Udp = {},
): Buffer {
  return Buffer.concat([u16(sourcePort), u16(port), u16(length), u16(0), payload]);
}

const PROTOCOL_UDP = 17;

function ipv4(payload: Buffer, { options = 0, fragment = 0, protocol = PROTOCOL_UDP } = {}): Buffer {
  const header = Buffer.alloc(20 + options, 0x01); // an option of 1 is No Operation
  header.set([
    0x40 | (header.length / 4),
    0,
    ...u16(header.length + payload.length),
    0,
    1,
    ...u16(fragment),
    64,
    protocol,
    0,
    0,
  ]);
  header.set([198, 51, 100, 1, 192, 0, 2, 1], 12);
  return Buffer.concat([header, payload]);
}

function ipv6(next: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header.set([0x60, 0, 0, 0, ...u16(payload.length), next, 64]);
  header.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 8);
  header.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 24);
  return Buffer.concat([header, payload]);
}

const HEADER = { hopByHop: 0, routing: 43, fragment: 44, destination: 60 } as const;

/** An IPv6 extension header of `size` bytes in front of what `next` announces. */
function extension(next: number, size: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(size, 0); // an option of 0 is Pad1
  header.set([next, size / 8 - 1]);
  return Buffer.concat([header, payload]);
}

const isIpv6 = (packetBytes: Buffer) => (packetBytes[0] ?? 0) >> 4 === 6;
const etherType = (packetBytes: Buffer) => u16(isIpv6(packetBytes) ? 0x86dd : 0x0800);

/** The link layers a capture has: Ethernet, the cooked ones of the device `any`, and none. */
const LINK_LAYERS = [
  {
    name: 'Ethernet',
    number: 1,
    frame: (bytes: Buffer) => Buffer.concat([Buffer.alloc(12, 2), etherType(bytes), bytes]),
  },
  {
    name: 'Linux cooked (SLL)',
    number: 113,
    frame: (bytes: Buffer) =>
      Buffer.concat([Buffer.of(0, 0, 0, 1, 0, 6), Buffer.alloc(8), etherType(bytes), bytes]),
  },
  {
    name: 'Linux cooked (SLL2)',
    number: 276,
    frame: (bytes: Buffer) =>
      Buffer.concat([
        etherType(bytes),
        Buffer.alloc(2),
        Buffer.of(0, 0, 0, 2, 0, 1, 0, 6),
        Buffer.alloc(8),
        bytes,
      ]),
  },
  { name: 'raw IP', number: 101, frame: (bytes: Buffer) => bytes },
] as const;

/** What announces a VLAN tag: 802.1Q, 802.1ad, and what came before the latter. */
const VLAN_TYPES = [0x8100, 0x88a8, 0x9100] as const;

/** A capture file in which frame number n was captured at second n. */
function pcap(linkType: number, frames: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(linkType, 20);
  const records = frames.map((frame, at) => {
    const record = Buffer.alloc(16);
    [at, 0, frame.length, frame.length].forEach((value, index) => record.writeUInt32LE(value, 4 * index));
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}

/** Numbers of the frames that the real compiler and matcher of libpcap let through. */
function passing(expression: string, linkType: number, frames: readonly Buffer[]): number[] {
  const output = execFileSync('tcpdump', ['-nn', '-tt', '-r', '-', expression], {
    input: pcap(linkType, frames),
    stdio: ['pipe', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
  // tcpdump indents what it says more about a frame.
  return Array.from(output.matchAll(/^(\d+)\.\d+ /gm), ([, second]) => Number(second));
}

interface Sample {
  readonly what: string;
  readonly passes: boolean;
  readonly bytes: Buffer;
}

function sample(passes: boolean, what: string, bytes: Buffer): Sample {
  return { what, passes, bytes };
}

/** The ways a datagram may be wrapped that a filter has to see through. */
const WRAPPINGS: Record<string, (datagram: Buffer) => Buffer> = {
  IPv4: (datagram) => ipv4(datagram),
  'IPv4 with 4 bytes of options': (datagram) => ipv4(datagram, { options: 4 }),
  'IPv4 with 40 bytes of options': (datagram) => ipv4(datagram, { options: 40 }),
  IPv6: (datagram) => ipv6(PROTOCOL_UDP, datagram),
  'IPv6 with 8 bytes of hop-by-hop options': (datagram) =>
    ipv6(HEADER.hopByHop, extension(PROTOCOL_UDP, 8, datagram)),
  'IPv6 with 24 bytes of hop-by-hop options': (datagram) =>
    ipv6(HEADER.hopByHop, extension(PROTOCOL_UDP, 24, datagram)),
  'IPv6 with a routing header': (datagram) => ipv6(HEADER.routing, extension(PROTOCOL_UDP, 24, datagram)),
  'IPv6 with destination options': (datagram) =>
    ipv6(HEADER.destination, extension(PROTOCOL_UDP, 16, datagram)),
  'IPv6 with 2048 bytes of destination options': (datagram) =>
    ipv6(HEADER.destination, extension(PROTOCOL_UDP, 2048, datagram)),
};

/** For each wrapping: what has to pass, and what differs from it in one respect and must not. */
function samples(first: number, last: number): Sample[] {
  return Object.entries(WRAPPINGS).flatMap(([wrapping, wrap]) => {
    const good = (what: string, datagram: Buffer) => sample(true, `${wrapping}: ${what}`, wrap(datagram));
    const bad = (what: string, datagram: Buffer) => sample(false, `${wrapping}: ${what}`, wrap(datagram));
    return [
      good('the first minute', udp(packet(first))),
      good('the minute now', udp(packet(NOW))),
      good('the last minute', udp(packet(last))),
      bad('the minute before the first', udp(packet(first - 1))),
      bad('the minute after the last', udp(packet(last + 1))),
      ...[124, 140, 492, 508].map((size) => good(`${size} bytes`, udp(packet(NOW, size)))),
      ...[0, 4, 108, 116, 123, 125, 132, 139, 141, 156 - 8, 507, 509, 516, 524, 1400].map((size) =>
        bad(`${size} bytes`, udp(packet(NOW, size))),
      ),
      bad('a length field of one byte less', udp(packet(NOW), { length: 147 })),
      bad('a length field of 0', udp(packet(NOW), { length: 0 })),
      good('any source port', udp(packet(NOW), { sourcePort: 1 })),
      bad('the next port', udp(packet(NOW), { port: PORT + 1 })),
      bad('the port before', udp(packet(NOW), { port: PORT - 1 })),
      bad('the port as source port', udp(packet(NOW), { port: 40_000, sourcePort: PORT })),
      bad('the gate with its last bit flipped', udp(flippedGate(3, 1))),
      bad('the gate with its first bit flipped', udp(flippedGate(0, 0x80))),
      bad('the gate four bytes late', udp(Buffer.concat([Buffer.alloc(4), packet(NOW, 136)]))),
      bad('a datagram that ends within the gate', udp(packet(NOW, 2), { length: 148 })),
    ];
  });
}

function flippedGate(byte: number, mask: number): Buffer {
  const bytes = packet(NOW);
  bytes[byte] = (bytes[byte] ?? 0) ^ mask;
  return bytes;
}

/** What is no UDP datagram with a gate where a filter looks for it. */
function others(): Sample[] {
  const datagram = udp(packet(NOW));
  return [
    sample(false, 'TCP over IPv4', ipv4(datagram, { protocol: 6 })),
    sample(false, 'UDP-Lite over IPv4', ipv4(datagram, { protocol: 136 })),
    sample(false, 'a later fragment over IPv4', ipv4(datagram, { fragment: 185 })),
    sample(false, 'the last fragment over IPv4', ipv4(datagram, { fragment: 1 })),
    sample(false, 'TCP over IPv6', ipv6(6, datagram)),
    sample(false, 'a fragment over IPv6', ipv6(HEADER.fragment, extension(PROTOCOL_UDP, 8, datagram))),
    sample(false, 'no next header over IPv6', ipv6(59, extension(PROTOCOL_UDP, 8, datagram))),
    sample(false, 'TCP behind an extension header', ipv6(HEADER.hopByHop, extension(6, 8, datagram))),
    sample(
      false,
      'two extension headers',
      ipv6(HEADER.hopByHop, extension(HEADER.destination, 8, extension(PROTOCOL_UDP, 8, datagram))),
    ),
    sample(
      false,
      'an extension header that ends behind the frame',
      ipv6(HEADER.hopByHop, Buffer.of(PROTOCOL_UDP, 255, 0, 0)),
    ),
    sample(false, 'IPv6 without anything in it', ipv6(PROTOCOL_UDP, Buffer.alloc(0))),
  ];
}

describe('the filter expression, compiled and matched by libpcap', () => {
  for (const { name, number, frame } of LINK_LAYERS) {
    it(`lets exactly the possible packets through over ${name}`, () => {
      const filter = captureFilter(policy, PORT, NOW);
      const all = [...samples(filter.firstMinute, filter.lastMinute), ...others()];
      const passed = passing(
        filter.expression,
        number,
        all.map(({ bytes }) => frame(bytes)),
      );
      expect(passed.map((at) => all[at]?.what)).to.deep.equal(
        all.filter(({ passes }) => passes).map(({ what }) => what),
      );
    }).timeout(20_000);
  }

  it('meets plain IP behind the tag that the kernel takes out, and drops a frame with a second one (802.1ad)', () => {
    const datagram = udp(packet(NOW));
    for (const bytes of [ipv4(datagram), ipv6(PROTOCOL_UDP, datagram)]) {
      const frame = (...tags: number[]) =>
        Buffer.concat([
          Buffer.alloc(12, 2),
          ...tags.map((type) => Buffer.concat([u16(type), u16(7)])),
          etherType(bytes),
          bytes,
        ]);
      const frames = [frame(), ...VLAN_TYPES.map((type) => frame(type)), frame(0x88a8, 0x8100), frame()];
      const { expression } = captureFilter(policy, PORT, NOW);
      expect(passing(expression, 1, frames)).to.deep.equal([0, frames.length - 1]);
    }
  }).timeout(20_000);

  it('lets the gate of every listed minute through, over IPv4, IPv6 and IPv6 with options, and of no other', () => {
    const filter = captureFilter(policy, PORT, NOW);
    const minutes = Array.from({ length: 90 }, (_, at) => NOW - 10 + at);
    const frames = minutes.flatMap((at) => {
      const datagram = udp(packet(at));
      return [
        ipv4(datagram),
        ipv6(PROTOCOL_UDP, datagram),
        ipv6(HEADER.hopByHop, extension(PROTOCOL_UDP, 8, datagram)),
      ];
    });
    const listed = minutes.filter((at) => at >= filter.firstMinute && at <= filter.lastMinute);
    expect(passing(filter.expression, 101, frames).map((at) => minutes[Math.floor(at / 3)])).to.deep.equal(
      listed.flatMap((at) => [at, at, at]),
    );
  }).timeout(20_000);

  it('lets the packets of the positive vectors through in their minute', () => {
    const file = new URL('../../../../test/vectors/positive.json', import.meta.url);
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as {
      cases: { name: string; minute: number; packet: string; input: { serverId: string; gateKey: string } }[];
    };
    const chosen = cases.filter(({ name }) =>
      ['base', 'smallest', 'largest', 'minute-0', 'server-id-64'].includes(name),
    );
    expect(chosen).to.have.length(5);
    for (const { name, minute: at, packet: digits, input } of chosen) {
      const id = serverId(input.serverId);
      const own = { ...policy, serverId: id, gate: deriveGateSubkey(parseGateKey(input.gateKey), id) };
      const frame = ipv4(udp(Buffer.from(digits, 'hex')));
      expect(passing(captureFilter(own, PORT, minute(at)).expression, 101, [frame]), name).to.deep.equal([0]);
    }
  }).timeout(20_000);

  it('takes any gate and any port, the largest too', () => {
    for (const gates of [[0], [0xffff_ffff], [0x7fff_ffff, 0x8000_0000]]) {
      for (const port of [1, 65_535]) {
        const frames = gates.flatMap((gate) => {
          const payload = packet(NOW);
          payload.writeUInt32BE(gate);
          const datagram = udp(payload, { port });
          return [
            ipv4(datagram),
            ipv6(PROTOCOL_UDP, datagram),
            ipv6(HEADER.routing, extension(PROTOCOL_UDP, 8, datagram)),
          ];
        });
        expect(passing(filterExpression(port, gates), 101, frames)).to.deep.equal(frames.map((_, at) => at));
      }
    }
  }).timeout(20_000);

  it('compiles in good time with the longest list, that of delta 10', () => {
    const { expression } = captureFilter({ ...policy, delta: 10 }, PORT, NOW);
    const began = performance.now();
    expect(passing(expression, 1, [])).to.deep.equal([]);
    expect(performance.now() - began).to.be.lessThan(5_000);
  }).timeout(20_000);
});

describe('the expression for a port, compiled and matched by libpcap', () => {
  for (const { name, number, frame } of LINK_LAYERS) {
    it(`lets whatever is sent to it through over ${name}, and nothing else`, () => {
      const all = Object.entries(WRAPPINGS).flatMap(([wrapping, wrap]) => [
        sample(true, `${wrapping}: a packet`, wrap(udp(packet(NOW)))),
        sample(true, `${wrapping}: something short`, wrap(udp(Buffer.from('knock')))),
        sample(true, `${wrapping}: nothing`, wrap(udp(Buffer.alloc(0)))),
        sample(false, `${wrapping}: the next port`, wrap(udp(packet(NOW), { port: PORT + 1 }))),
        sample(
          false,
          `${wrapping}: the port as source`,
          wrap(udp(packet(NOW), { port: 53, sourcePort: PORT })),
        ),
      ]);
      all.push(...others());
      const frames = all.map(({ bytes }) => frame(bytes));
      expect(passing(portExpression(PORT), number, frames).map((at) => all[at]?.what)).to.deep.equal(
        all.filter(({ passes }) => passes).map(({ what }) => what),
      );
    }).timeout(20_000);
  }
});

describe('the minutes of a filter', () => {
  it('reach from the start of the window to an hour behind its end', () => {
    for (const delta of [0, 2, 10]) {
      const filter = captureFilter({ ...policy, delta }, PORT, NOW);
      expect(filter.firstMinute).to.equal(NOW - delta);
      expect(filter.lastMinute).to.equal(NOW + delta + 60);
    }
  });

  it('begin at 0 at the earliest', () => {
    expect(captureFilter(policy, PORT, minute(1))).to.deep.include({ firstMinute: 0, lastMinute: 63 });
  });
});

describe('filterCovers', () => {
  const covers = (now: number, delta = policy.delta) =>
    filterCovers(captureFilter(policy, PORT, NOW), minute(now) satisfies Minute, delta);

  it('holds from the minute it was made in for 55 minutes, so that five are left', () => {
    for (let ahead = 0; ahead <= 55; ahead++) expect(covers(NOW + ahead), `${ahead} minutes`).to.equal(true);
    for (const ahead of [56, 60, 62, 1000]) expect(covers(NOW + ahead), `${ahead} minutes`).to.equal(false);
  });

  it('does not hold when the clock was stepped back or leapt ahead', () => {
    expect(covers(NOW - 1)).to.equal(false);
    expect(covers(0)).to.equal(false);
    expect(covers(NOW + 100_000)).to.equal(false);
  });

  it('does not hold for a larger delta, and holds for a smaller one', () => {
    expect(covers(NOW, 3)).to.equal(false);
    expect(covers(NOW + 1, 3)).to.equal(true);
    expect(covers(NOW, 1)).to.equal(true);
    expect(covers(NOW - 1, 1)).to.equal(true);
    expect(covers(NOW + 56, 1)).to.equal(true);
  });

  it('holds at the beginning of time, where the window is cut off', () => {
    const early = captureFilter(policy, PORT, minute(0));
    expect(filterCovers(early, minute(0), policy.delta)).to.equal(true);
    expect(filterCovers(early, minute(1), policy.delta)).to.equal(true);
    expect(filterCovers(captureFilter({ ...policy, delta: 0 }, PORT, minute(1)), minute(0), 0)).to.equal(
      false,
    );
  });
});
