import { parseFrame, type FrameFault, type LinkType } from '@bouncer-spa/bouncer/dist/core/frame.js';
import { expect } from 'chai';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import {
  cooked,
  cooked2,
  ETHER_TYPE,
  ethernet,
  ipv4,
  ipv6,
  loopback,
  options,
  PROTOCOL,
  routing,
  udp,
} from './frame-builder.js';
import { applyEdits, edits } from './frame-edit.js';
import { SAMPLES } from './frame-samples.js';
import { resultText } from './frame-text.js';

const LINK_TYPES: readonly LinkType[] = [
  'ETHERNET',
  'LINKTYPE_LINUX_SLL',
  'LINKTYPE_LINUX_SLL2',
  'NULL',
  'RAW',
];

const FAULTS: Readonly<Record<FrameFault, true>> = {
  truncated: true,
  outgoing: true,
  'not-ip': true,
  'not-udp': true,
  fragment: true,
  'in-transit': true,
  'too-deep': true,
  address: true,
  malformed: true,
};

// Some 2 million frames together, in a few seconds.
describe('the frame parser neither throws nor reaches outside of the frame', () => {
  it('with any byte of a good frame set to any value', () => {
    for (const { linkType, frame } of SAMPLES) {
      for (let at = 0; at < frame.length; at++) {
        const changed = Buffer.from(frame);
        for (let value = 0; value <= 0xff; value++) {
          changed[at] = value;
          check(linkType, changed);
        }
      }
    }
  });

  it('with any byte removed from a good frame, or inserted', () => {
    for (const { linkType, frame } of SAMPLES) {
      for (let at = 0; at <= frame.length; at++) {
        const [head, tail] = [frame.subarray(0, at), frame.subarray(at)];
        check(linkType, Buffer.concat([head, tail.subarray(1)]));
        const longer = Buffer.concat([head, Uint8Array.of(0), tail]);
        for (let value = 0; value <= 0xff; value++) {
          longer[at] = value;
          check(linkType, longer);
        }
      }
    }
  });

  it('with several bytes of a good frame set, inserted and removed, and the rest cut off anywhere', () => {
    const property = fc.property(fc.constantFrom(...SAMPLES), edits, ({ linkType, frame }, list) => {
      checkEveryLength(linkType, applyEdits(frame, list));
    });
    fc.assert(property, { numRuns: 20_000 });
  });

  it('with arbitrary bytes', () => {
    const property = fc.property(
      fc.constantFrom(...LINK_TYPES),
      fc.uint8Array({ maxLength: 128 }),
      checkEveryLength,
    );
    fc.assert(property, { numRuns: 2_000 });
  });

  it('with arbitrary bytes behind the beginning of a good frame', () => {
    const property = fc.property(
      fc.constantFrom(...SAMPLES),
      fc.nat(80),
      fc.uint8Array({ maxLength: 96 }),
      ({ linkType, frame }, size, tail) => {
        checkEveryLength(linkType, Buffer.concat([frame.subarray(0, size), tail]));
      },
    );
    fc.assert(property, { numRuns: 4_000 });
  });
});

describe('any frame that is built right', () => {
  const port = fc.nat(0xffff);
  const payload = fc.uint8Array({ maxLength: 64 });
  const datagram = fc.record({ sourcePort: port, destinationPort: port, payload });
  const surplus = fc.uint8Array({ maxLength: 16 });
  const padding = fc.uint8Array({ maxLength: 24 });

  const tag = fc.record({
    type: fc.constantFrom(ETHER_TYPE.vlan, ETHER_TYPE.serviceVlan, ETHER_TYPE.oldServiceVlan),
    vlan: fc.nat(4095),
  });
  const tags = fc.array(tag, { maxLength: 2 });

  const address4 = fc.tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.nat(255));
  const dotted = address4.map((octets) => octets.join('.'));
  const optionWords = fc.nat(10);

  const address6 = fc.uint8Array({ minLength: 15, maxLength: 15 });
  const colons = address6.map((octets) => ipaddr.fromByteArray([0x20, ...octets]).toString());
  const extension = fc.oneof(
    fc.integer({ min: 1, max: 4 }).map((units) => options(PROTOCOL.destinationOptions, units)),
    fc.nat(2).map((hosts) => routing(0, hosts)),
  );
  const extensions = fc
    .tuple(fc.boolean(), fc.array(extension, { maxLength: 7 }))
    .map(([hop, others]) => (hop ? [options(PROTOCOL.hopByHopOptions), ...others] : others));

  const packet4 = fc
    .record({ source: dotted, destination: dotted, words: optionWords, datagram, surplus })
    .map(({ source, destination, words, datagram: fields, surplus: rest }) => ({
      text: text(source, destination, fields),
      packet: ipv4({
        source,
        destination,
        options: Buffer.alloc(words * 4, 1),
        payload: Buffer.concat([udp(fields), rest]),
      }),
      families: [2],
    }));
  const packet6 = fc
    .record({ source: colons, destination: colons, extensions, datagram, surplus })
    .map(({ source, destination, extensions: headers, datagram: fields, surplus: rest }) => ({
      text: text(source, destination, fields),
      packet: ipv6({ source, destination, extensions: headers, payload: Buffer.concat([udp(fields), rest]) }),
      families: [10, 24, 28, 30],
    }));
  const packet = fc.oneof(packet4, packet6);

  it('is read as what went into it', () => {
    const order = fc.constantFrom('little', 'big');
    const property = fc.property(
      packet,
      tags,
      padding,
      order,
      fc.nat(3),
      (built, vlans, rest, bytes, pick) => {
        const fields = { tags: vlans, padding: rest };
        const padded = Buffer.concat([built.packet, rest]);
        const family = built.families[pick % built.families.length] ?? 0;
        const frames: readonly (readonly [LinkType, Uint8Array])[] = [
          ['ETHERNET', ethernet(built.packet, fields)],
          ['LINKTYPE_LINUX_SLL', cooked(built.packet, { ...fields, packetType: pick })],
          ['LINKTYPE_LINUX_SLL2', cooked2(built.packet, { padding: rest, packetType: pick })],
          ['NULL', loopback(padded, family, bytes)],
          ['RAW', padded],
        ];
        for (const [linkType, frame] of frames) {
          expect(resultText(parseFrame(linkType, frame)), linkType).to.equal(built.text);
        }
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });

  function text(
    source: string,
    destination: string,
    fields: { sourcePort: number; destinationPort: number; payload: Uint8Array },
  ): string {
    const line = Buffer.from(fields.payload).toString('latin1');
    return `${source}.${fields.sourcePort} > ${destination}.${fields.destinationPort}: ${line}`;
  }
});

function checkEveryLength(linkType: LinkType, frame: Uint8Array): void {
  for (let size = 0; size <= frame.length; size++) check(linkType, frame.subarray(0, size));
}

/** Parses one frame. Plain comparisons: a million of chai's would take minutes. */
function check(linkType: LinkType, frame: Uint8Array): void {
  const result = parseFrame(linkType, frame);
  if (typeof result === 'string') {
    if (!Object.hasOwn(FAULTS, result)) throw wrong(`fault "${result}"`, linkType, frame);
    return;
  }
  const { payload, source, destination } = result;
  // Bytes in the same memory are equal to those of the frame.
  if (payload.buffer !== frame.buffer) throw wrong('the payload is no view', linkType, frame);
  const start = payload.byteOffset - frame.byteOffset;
  if (start < 28 || start + payload.length > frame.length)
    throw wrong('the payload is outside', linkType, frame);
  if (source.length !== 16 || destination.length !== 16)
    throw wrong('an address is not 16 bytes', linkType, frame);
}

function wrong(what: string, linkType: LinkType, frame: Uint8Array): Error {
  return new Error(`${what}: ${linkType} ${Buffer.from(frame).toString('hex')}`);
}
