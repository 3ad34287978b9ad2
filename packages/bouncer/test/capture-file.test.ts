import { spawnSync } from 'node:child_process';
import { CaptureFileError } from '@bouncer-spa/bouncer/dist/core/capture-file/captured-frame.js';
import { readCaptureFile } from '@bouncer-spa/bouncer/dist/core/capture-file/read.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { knock4 } from './frame-samples.js';

const RAW = 101;
const SECONDS = 1_767_225_625;
const FRAME = knock4();

type Order = 'little' | 'big';

/** Writes numbers of some sizes in bytes, one behind the other. */
function numbers(order: Order, ...fields: readonly (readonly [size: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([size, value]) => {
      const bytes = Buffer.alloc(size);
      if (size === 8) bytes.writeBigInt64BE(BigInt(value));
      else bytes.writeUIntBE(value, 0, size);
      return order === 'big' ? bytes : bytes.reverse();
    }),
  );
}

/** See pcap-savefile(5). */
function pcap(order: Order, magic: number, fraction: number): Buffer {
  const size = FRAME.length;
  const header = numbers(order, [4, magic], [2, 2], [2, 4], [4, 0], [4, 0], [4, 0xffff], [4, RAW]);
  const frame = numbers(order, [4, SECONDS], [4, fraction], [4, size], [4, size]);
  return Buffer.concat([header, frame, FRAME]);
}

function block(order: Order, type: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
  const length = 12 + padded.length;
  return Buffer.concat([numbers(order, [4, type], [4, length]), padded, numbers(order, [4, length])]);
}

function section(order: Order): Buffer {
  return block(
    order,
    0x0a0d0d0a,
    Buffer.concat([numbers(order, [4, 0x1a2b3c4d], [2, 1], [2, 0]), Buffer.alloc(8, 0xff)]),
  );
}

function device(order: Order, options: Buffer = Buffer.alloc(0)): Buffer {
  return block(order, 1, Buffer.concat([numbers(order, [2, RAW], [2, 0], [4, 0xffff]), options]));
}

/** @param units time since 1970 in the unit of the interface */
function frame(order: Order, index: number, units: number, bytes: Buffer = FRAME): Buffer {
  const time = [[4, Math.floor(units / 2 ** 32)] as const, [4, units % 2 ** 32] as const];
  const fields = numbers(order, [4, index], ...time, [4, bytes.length], [4, bytes.length]);
  return block(order, 6, Buffer.concat([fields, bytes]));
}

const MICROSECONDS = SECONDS * 1e6 + 123_456;

const TWO_ORDERS = 'pcapng with a second section in the other byte order';

const FILES: Readonly<Record<string, Buffer>> = {
  'pcap, big-endian': pcap('big', 0xa1b2c3d4, 123_456),
  'pcap, little-endian': pcap('little', 0xa1b2c3d4, 123_456),
  'pcap of nanoseconds, big-endian': pcap('big', 0xa1b23c4d, 123_456_789),
  'pcap of nanoseconds, little-endian': pcap('little', 0xa1b23c4d, 123_456_789),
  'pcapng, big-endian': Buffer.concat([section('big'), device('big'), frame('big', 0, MICROSECONDS)]),
  'pcapng, little-endian': Buffer.concat([
    section('little'),
    device('little'),
    frame('little', 0, MICROSECONDS),
  ]),
  'pcapng with blocks that are not read': Buffer.concat([
    section('little'),
    block('little', 0x0bad, Buffer.alloc(13, 1)),
    device('little'),
    block('little', 5, Buffer.alloc(20)),
    frame('little', 0, MICROSECONDS),
  ]),
  'pcapng with times in milliseconds and an offset': Buffer.concat([
    section('little'),
    device(
      'little',
      Buffer.concat([
        numbers('little', [2, 2], [2, 3]),
        Buffer.from('lo\0\0'),
        numbers('little', [2, 9], [2, 1]),
        Buffer.of(3, 0, 0, 0),
        numbers('little', [2, 14], [2, 8], [8, SECONDS], [2, 0], [2, 0]),
      ]),
    ),
    frame('little', 0, 123),
  ]),
  'pcapng with times in 1024ths of a second': Buffer.concat([
    section('little'),
    device('little', Buffer.concat([numbers('little', [2, 9], [2, 1]), Buffer.of(0x8a, 0, 0, 0)])),
    frame('little', 0, SECONDS * 1024 + 126),
  ]),
  [TWO_ORDERS]: Buffer.concat([
    section('little'),
    device('little'),
    section('big'),
    device('big'),
    frame('big', 0, MICROSECONDS),
  ]),
};

function read(file: Uint8Array): { time: number; bytes: string; linkType: number }[] {
  let rest = Buffer.from(file);
  const take = (size: number): Buffer => {
    const bytes = rest.subarray(0, size);
    rest = rest.subarray(size);
    return bytes;
  };
  return Array.from(readCaptureFile(take), ({ time, bytes, linkType }) => ({
    time,
    bytes: Buffer.from(bytes).toString('hex'),
    linkType,
  }));
}

describe('A capture file', () => {
  for (const [name, file] of Object.entries(FILES)) {
    it(`is read: ${name}`, () => {
      const frames = read(file);
      expect(frames).to.deep.equal([
        { time: SECONDS * 1_000 + 123, bytes: FRAME.toString('hex'), linkType: RAW },
      ]);
    });

    it(`that is cut anywhere is refused or ends between frames: ${name}`, () => {
      for (let size = 0; size < file.length; size++) {
        try {
          expect(read(file.subarray(0, size)), String(size)).to.deep.equal([]);
        } catch (error) {
          expect(error, String(size)).to.be.instanceOf(CaptureFileError);
        }
      }
    });

    it(`that is damaged anywhere gives frames or a reason, and nothing else: ${name}`, () => {
      const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(damage, (places) => {
          const damaged = Buffer.from(file);
          for (const [at, octet] of places) damaged[at] = octet;
          try {
            read(damaged);
          } catch (error) {
            expect(error).to.be.instanceOf(CaptureFileError);
          }
        }),
        { numRuns: 500 },
      );
    });

    // libpcap reads the length of a section's header in the byte order of the section before.
    if (name === TWO_ORDERS) continue;
    it(`is read as tcpdump reads it: ${name}`, () => {
      const { stdout, stderr } = spawnSync('tcpdump', ['-r', '-', '-nn', '-tt', '-q'], {
        input: file,
        encoding: 'utf8',
      });
      expect(stdout, stderr).to.match(
        /^1767225625\.123\d+ IP 192\.0\.2\.7\.4660 > 198\.51\.100\.9\.51324: UDP, length 5$/m,
      );
    });
  }

  it('that is none is refused with a reason', () => {
    expect(() => read(Buffer.from('#!/bin/sh\n'))).to.throw(CaptureFileError, 'it is no capture file');
    expect(() => read(Buffer.alloc(0))).to.throw(CaptureFileError, 'it is no capture file');
  });

  it('with a frame of an interface that it does not describe is refused', () => {
    const file = Buffer.concat([section('little'), device('little'), frame('little', 1, MICROSECONDS)]);
    expect(() => read(file)).to.throw(CaptureFileError, 'an interface that was not described');
  });

  it('of pcapng that is not made right is refused with what is wrong', () => {
    const begin = section('little');
    const [head, described] = [device('little').subarray(0, 5), device('little')];
    const sized = (length: number): Buffer => numbers('little', [4, 5], [4, length]);
    const tooLarge = frame('little', 0, MICROSECONDS);
    tooLarge.writeUInt32LE(FRAME.length + 4, 20);
    for (const [what, ...parts] of [
      ['it ends in the middle of a block', begin, head],
      ['a section has no byte order', block('little', 0x0a0d0d0a, Buffer.alloc(16))],
      ...[0, 8, 11, 13, 15, 16_777_220].map(
        (length) =>
          [`a block of ${length} bytes cannot be right`, begin, sized(length), Buffer.alloc(64)] as const,
      ),
      ['an interface is too short', begin, block('little', 1, Buffer.alloc(4))],
      ['a frame is too short', begin, described, block('little', 6, Buffer.alloc(16))],
      ['a frame is larger than its block', begin, described, tooLarge],
    ] as const)
      expect(() => read(Buffer.concat(parts)), what).to.throw(CaptureFileError, new RegExp(`${what}$`));
  });

  it('of pcapng may have blocks without a body, blocks of 16 MiB, and frames of any size', () => {
    const begin = [section('little'), block('little', 5, Buffer.alloc(0)), device('little')];
    const frames = [0, 4, 5].map((size) => frame('little', 0, MICROSECONDS, Buffer.alloc(size, 7)));
    const large = block('little', 5, Buffer.alloc(16 * 1_024 * 1_024 - 12));
    expect(read(Buffer.concat([...begin, large, ...frames])).map(({ bytes }) => bytes)).to.deep.equal([
      '',
      '07070707',
      '0707070707',
    ]);
  });

  it('of pcapng counts time in microseconds unless an option of its interface says otherwise', () => {
    const resolution = [numbers('little', [2, 9], [2, 1]), Buffer.of(0, 0, 0, 0)];
    for (const [what, ...options] of [
      ['behind the last option', numbers('little', [2, 0], [2, 0]), ...resolution],
      ['a name of one letter', numbers('little', [2, 2], [2, 1]), Buffer.from('a\0\0\0')],
      ['a comment of eight letters', numbers('little', [2, 1], [2, 8]), Buffer.from('somebody')],
      ['a resolution of another size', numbers('little', [2, 9], [2, 2]), Buffer.of(0, 0, 0, 0)],
      ['an offset of another size', numbers('little', [2, 14], [2, 4], [4, 60])],
    ] as const) {
      const parts = [section('little'), device('little', Buffer.concat(options))];
      const [found] = read(Buffer.concat([...parts, frame('little', 0, MICROSECONDS)]));
      expect(found?.time, what).to.equal(SECONDS * 1_000 + 123);
    }
  });

  it('with a time that no date can be is refused', () => {
    const seconds = Buffer.concat([numbers('little', [2, 9], [2, 1]), Buffer.of(0, 0, 0, 0)]);
    const before1970 = numbers('little', [2, 14], [2, 8], [8, -1]);
    for (const [options, units] of [
      [seconds, 8_640_000_000_001],
      [seconds, 2 ** 63],
      [before1970, 999_999],
    ] as const) {
      const file = Buffer.concat([section('little'), device('little', options), frame('little', 0, units)]);
      expect(() => read(file)).to.throw(CaptureFileError, 'a frame has a time that cannot be right');
    }
    const last = [section('little'), device('little', seconds), frame('little', 0, 8_640_000_000_000)];
    expect(read(Buffer.concat(last))).to.have.length(1);
  });

  it('with more interfaces than any machine has is refused before they fill the memory', () => {
    const many = Array.from({ length: 65_537 }, () => device('little'));
    expect(() => read(Buffer.concat([section('little'), ...many]))).to.throw(
      CaptureFileError,
      'more than 65536 interfaces',
    );
    expect(
      read(Buffer.concat([section('little'), ...many.slice(1), frame('little', 65_535, 0)])),
    ).to.have.length(1);
  });

  it('of pcap that is cut in the middle of a frame is refused as that', () => {
    const file = pcap('little', 0xa1b2c3d4, 0);
    for (const size of [25, 39, 41, file.length - 1])
      expect(() => read(file.subarray(0, size)), String(size)).to.throw(
        CaptureFileError,
        'it ends in the middle of a frame',
      );
    expect(read(file.subarray(0, 24))).to.be.empty;
  });

  it('with a frame larger than any can be is refused before so much is read', () => {
    const file = pcap('little', 0xa1b2c3d4, 0);
    file.writeUInt32LE(262_145, 32);
    expect(() => read(file)).to.throw(CaptureFileError, 'a frame of 262145 bytes cannot be right');
    file.writeUInt32LE(262_144, 32);
    expect(() => read(file)).to.throw(CaptureFileError, 'it ends in the middle of a frame');
    expect(read(Buffer.concat([file, Buffer.alloc(262_144 - FRAME.length)]))).to.have.length(1);
  });
});
