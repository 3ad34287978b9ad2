import { expect } from 'chai';
import fc from 'fast-check';
import {
  CaptureWireDecoder,
  CaptureWireError,
  datagramRecordSize,
  encodeDatagramRecord,
  encodeRecord,
  fitsRecord,
  writeDatagramRecord,
  type CaptureRecord,
} from '@bouncer-spa/bouncer/dist/core/capture-wire.js';
import type { Datagram } from '@bouncer-spa/bouncer/dist/core/datagram.js';

/** Largest length of a record, after its two bytes of length. */
const LARGEST = 1024;

/** Largest time of a Date, in milliseconds (ECMA-262, time values). */
const LAST_MOMENT = 8.64e15;

/** Bytes in front of the payload: kind, addresses, ports. */
const BEFORE_PAYLOAD = 1 + 2 * 16 + 2 * 2;

const bytesOf = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const count = fc.nat(Number.MAX_SAFE_INTEGER);

const datagrams: fc.Arbitrary<Datagram> = fc.record({
  source: bytesOf(16),
  destination: bytesOf(16),
  sourcePort: fc.nat(0xffff),
  destinationPort: fc.nat(0xffff),
  payload: fc.uint8Array({ maxLength: LARGEST - BEFORE_PAYLOAD }),
});

const otherRecords: fc.Arbitrary<Exclude<CaptureRecord, { kind: 'datagram' }>> = fc.oneof(
  fc.record({ kind: fc.constant('listening' as const), linkType: fc.string({ maxLength: 30 }) }),
  fc.record({
    kind: fc.constant('failed' as const),
    reason: fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
  }),
  fc.record({
    kind: fc.constant('report' as const),
    report: fc.record({
      dropped: count,
      refused: fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), count, { maxKeys: 12 }),
    }),
  }),
  fc.record({ kind: fc.constant('moment' as const), unix: fc.nat(LAST_MOMENT) }),
);

const records: fc.Arbitrary<CaptureRecord> = fc.oneof(
  datagrams.map((datagram) => ({ kind: 'datagram' as const, datagram })),
  otherRecords,
);

function encoded(record: CaptureRecord): Uint8Array {
  return record.kind === 'datagram' ? encodeDatagramRecord(record.datagram) : encodeRecord(record);
}

/** A record with its byte strings written out, so that views compare with copies. */
function plain(record: CaptureRecord): unknown {
  if (record.kind !== 'datagram') return record;
  const { source, destination, payload, ...ports } = record.datagram;
  const [from, to, what] = [source, destination, payload].map((bytes) => Buffer.from(bytes).toString('hex'));
  return { from, to, what, ...ports };
}

/** Bytes of a record as somebody else might write them. */
function raw(kind: number, body: Uint8Array | string): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(3), Buffer.from(body)]);
  bytes.writeUInt16BE(bytes.length - 2);
  bytes.writeUInt8(kind, 2);
  return bytes;
}

function decoded(bytes: Uint8Array): CaptureRecord[] {
  return new CaptureWireDecoder().push(bytes);
}

describe('a record on the pipe', () => {
  it('is length, kind, addresses, ports and payload for a datagram', () => {
    const record = encodeDatagramRecord({
      source: new Uint8Array(16).fill(0xaa),
      destination: new Uint8Array(16).fill(0xbb),
      sourcePort: 0x1234,
      destinationPort: 0xc87c,
      payload: Uint8Array.of(1, 2, 3),
    });
    expect(Buffer.from(record).toString('hex')).to.equal(
      `002802${'aa'.repeat(16)}${'bb'.repeat(16)}1234c87c010203`,
    );
  });

  it('of a datagram is written where it is to be, and nowhere else', () => {
    fc.assert(
      fc.property(datagrams, fc.nat(40), (datagram, at) => {
        const size = datagramRecordSize(datagram);
        const bytes = Buffer.alloc(at + size + 3, 0x5a);
        writeDatagramRecord(bytes, at, datagram);
        const around = [bytes.subarray(0, at), bytes.subarray(at + size)];
        expect(Buffer.concat(around)).to.deep.equal(Buffer.alloc(at + 3, 0x5a));
        expect(bytes.subarray(at, at + size)).to.deep.equal(encodeDatagramRecord(datagram));
      }),
    );
  });

  it('is length, kind and JSON for the others', () => {
    expect(encodeRecord({ kind: 'listening', linkType: 'EN10MB' })).to.deep.equal(raw(1, '"EN10MB"'));
    expect(encodeRecord({ kind: 'report', report: { dropped: 3, refused: { fragment: 2 } } })).to.deep.equal(
      raw(3, '{"dropped":3,"refused":{"fragment":2}}'),
    );
    expect(encodeRecord({ kind: 'failed', reason: 'no such device' })).to.deep.equal(
      raw(4, '"no such device"'),
    );
    expect(encodeRecord({ kind: 'moment', unix: 1_767_225_625_500 })).to.deep.equal(raw(5, '1767225625500'));
  });
});

describe('CaptureWireDecoder', () => {
  it('gives the same records however the bytes are cut', () => {
    const cuts = fc.array(fc.nat(3000), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(records, { maxLength: 8 }), cuts, (sent, places) => {
        const bytes = Buffer.concat(sent.map(encoded));
        const decoder = new CaptureWireDecoder();
        const ends = [...places.filter((place) => place < bytes.length).sort((a, b) => a - b), bytes.length];
        const received = ends.flatMap((end, at) => decoder.push(bytes.subarray(ends[at - 1] ?? 0, end)));
        expect(received.map(plain)).to.deep.equal(sent.map(plain));
      }),
    );
  });

  it('gives each record with its last byte, and so never holds more than one', () => {
    fc.assert(
      fc.property(fc.array(records, { minLength: 1, maxLength: 3 }), (sent) => {
        const decoder = new CaptureWireDecoder();
        for (const record of sent) {
          const bytes = encoded(record);
          bytes.forEach((byte, at) => {
            const received = decoder.push(Uint8Array.of(byte));
            expect(received.map(plain)).to.deep.equal(at === bytes.length - 1 ? [plain(record)] : []);
          });
        }
      }),
      { numRuns: 20 },
    );
  });

  it('keeps a copy of an unfinished record, not the piece that it came in', () => {
    const bytes = Buffer.from(encodeRecord({ kind: 'failed', reason: 'no such device' }));
    const decoder = new CaptureWireDecoder();
    const piece = Buffer.from(bytes.subarray(0, 10));
    decoder.push(piece);
    piece.fill(0xff);
    expect(decoder.push(bytes.subarray(10))).to.deep.equal([{ kind: 'failed', reason: 'no such device' }]);
  });

  it('takes a report of nothing lost', () => {
    const report = { dropped: 0, refused: { fragment: 0 } };
    expect(decoded(raw(3, JSON.stringify(report)))).to.deep.equal([{ kind: 'report', report }]);
    expect(decoded(raw(3, '{"dropped":0,"refused":{}}'))).to.have.length(1);
  });

  it('throws errors that are told apart by their name and carry their cause', () => {
    expect(() => decoded(raw(0, '')))
      .to.throw(CaptureWireError)
      .with.property('name', 'CaptureWireError');
    expect(() => decoded(raw(1, '{')))
      .to.throw(CaptureWireError)
      .with.property('cause')
      .instanceOf(SyntaxError);
  });

  it('gives nothing for nothing', () => {
    expect(decoded(new Uint8Array())).to.deep.equal([]);
  });

  it('refuses a length that no record has as soon as it is there', () => {
    for (const [length, text] of [
      [0, 'record of 0 bytes'],
      [LARGEST + 1, 'record of 1025 bytes'],
      [0xffff, 'record of 65535 bytes'],
    ] as const) {
      expect(() => decoded(Uint8Array.of(length >> 8, length & 0xff))).to.throw(CaptureWireError, text);
      const decoder = new CaptureWireDecoder();
      expect(decoder.push(Uint8Array.of(length >> 8))).to.deep.equal([]);
      expect(() => decoder.push(Uint8Array.of(length & 0xff))).to.throw(CaptureWireError, text);
    }
  });

  it('takes a record of the largest length', () => {
    const body = Buffer.alloc(LARGEST - 1, 0x55);
    expect(decoded(raw(2, body))).to.have.length(1);
  });

  it('refuses kinds that it does not know', () => {
    for (const kind of [0, 6, 7, 255]) {
      expect(() => decoded(raw(kind, '""'))).to.throw(CaptureWireError, `record of kind ${kind}`);
    }
  });

  it('refuses a datagram without room for addresses and ports, and takes one without payload', () => {
    expect(() => decoded(raw(2, Buffer.alloc(35)))).to.throw(CaptureWireError, 'datagram of 35 bytes');
    expect(decoded(raw(2, Buffer.alloc(36)))).to.have.length(1);
  });

  it('refuses what is not JSON, and JSON of another form', () => {
    for (const kind of [1, 3, 4, 5]) {
      for (const body of ['', '{', 'x', '"a', Buffer.from([0xff])]) {
        expect(() => decoded(raw(kind, body))).to.throw(CaptureWireError, 'record that is not JSON');
      }
    }
    for (const kind of [1, 4]) {
      for (const body of ['1', 'null', '["a"]', '{}', 'true']) {
        expect(() => decoded(raw(kind, body))).to.throw(CaptureWireError, 'text of another form');
      }
    }
    for (const body of [
      '1',
      'null',
      '"a"',
      '[]',
      '{}',
      '{"dropped":1}',
      '{"refused":{}}',
      '{"dropped":-1,"refused":{}}',
      '{"dropped":1.5,"refused":{}}',
      '{"dropped":1e300,"refused":{}}',
      '{"dropped":"1","refused":{}}',
      '{"dropped":null,"refused":{}}',
      '{"dropped":1,"refused":null}',
      '{"dropped":1,"refused":"a"}',
      '{"dropped":1,"refused":""}',
      '{"dropped":1,"refused":1}',
      '{"dropped":1,"refused":{"a":-1}}',
      '{"dropped":1,"refused":{"a":1,"b":"1"}}',
      '{"dropped":1,"refused":{"a":{}}}',
    ]) {
      expect(() => decoded(raw(3, body)), body).to.throw(CaptureWireError, 'report of another form');
    }
  });

  it('takes over nothing of a report but its counts', () => {
    const body = '{"dropped":1,"refused":{"__proto__":5,"a":2},"more":"text","__proto__":{"evil":1}}';
    const [record] = decoded(raw(3, body));
    if (record?.kind !== 'report') throw new Error('no report');
    expect(Object.keys(record.report)).to.deep.equal(['dropped', 'refused']);
    expect(Object.entries(record.report.refused)).to.deep.equal([
      ['__proto__', 5],
      ['a', 2],
    ]);
    expect(Object.getPrototypeOf(record.report.refused)).to.equal(Object.prototype);
  });

  it('takes over no more of a text than 400 characters', () => {
    for (const [kind, name] of [
      [1, 'linkType'],
      [4, 'reason'],
    ] as const) {
      const [record] = decoded(raw(kind, JSON.stringify('a'.repeat(900))));
      expect(record).to.have.property(name, 'a'.repeat(400));
    }
  });

  it('takes over no character of a text or of a name that a terminal obeys', () => {
    const evil = '\u001b[2J\r\n\u009b';
    for (const [kind, name] of [
      [1, 'linkType'],
      [4, 'reason'],
    ] as const)
      expect(decoded(raw(kind, JSON.stringify(evil)))[0]).to.have.property(name, '?[2J???');
    const [record] = decoded(raw(3, JSON.stringify({ dropped: 0, refused: { [evil]: 1 } })));
    expect(record)
      .to.have.property('report')
      .deep.equal({ dropped: 0, refused: { '?[2J???': 1 } });
  });

  it('refuses a moment that no date can be', () => {
    expect(decoded(raw(5, '8640000000000000'))).to.deep.equal([{ kind: 'moment', unix: 8.64e15 }]);
    for (const body of ['8640000000000001', '-1', '1.5', '"1"', 'null'])
      expect(() => decoded(raw(5, body)), body).to.throw(CaptureWireError, 'moment of another form');
  });

  it('throws nothing but CaptureWireError, whatever is written', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
    );
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .array(fc.tuple(fc.nat(5), body), { maxLength: 4 })
        .map((all) => Buffer.concat(all.map(([kind, what]) => raw(kind, what)))),
      fc.tuple(records, fc.nat(), fc.nat(255)).map(([record, place, value]) => {
        const bytes = Buffer.from(encoded(record));
        bytes[place % bytes.length] = value;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 5 }), (pieces) => {
        const decoder = new CaptureWireDecoder();
        try {
          for (const piece of pieces) decoder.push(piece);
        } catch (error) {
          expect(error).to.be.instanceOf(CaptureWireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('fitsRecord', () => {
  it('holds exactly for the payloads whose record the decoder takes', () => {
    const datagram = {
      source: new Uint8Array(16),
      destination: new Uint8Array(16),
      sourcePort: 1,
      destinationPort: 2,
    };
    for (const size of [0, 124, 508, 986, 987, 988, 1024, 65_507]) {
      const payload = new Uint8Array(size);
      expect(fitsRecord(payload), `${size} bytes`).to.equal(size <= LARGEST - BEFORE_PAYLOAD);
    }
    const payload = new Uint8Array(LARGEST - BEFORE_PAYLOAD);
    expect(decoded(encodeDatagramRecord({ ...datagram, payload }))).to.have.length(1);
    const larger = new Uint8Array(LARGEST - BEFORE_PAYLOAD + 1);
    expect(() => decoded(encodeDatagramRecord({ ...datagram, payload: larger }))).to.throw(CaptureWireError);
  });
});

describe('the reason of a failure', () => {
  it('is cut to 400 characters', () => {
    expect(decoded(encodeRecord({ kind: 'failed', reason: 'a'.repeat(5_000) }))).to.deep.equal([
      { kind: 'failed', reason: 'a'.repeat(400) },
    ]);
  });

  it('arrives whatever its characters are: none takes so many bytes that the record is refused', () => {
    for (const character of ['ä', '€', '😀', '\u0001', '"', '\ud800']) {
      const [record] = decoded(encodeRecord({ kind: 'failed', reason: character.repeat(400) }));
      expect(record?.kind, JSON.stringify(character)).to.equal('failed');
    }
  });
});
