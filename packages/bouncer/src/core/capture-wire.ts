import type { Datagram } from './datagram.js';
import { LAST_TIME } from './moment.js';
import { printable } from './printable.js';

/**
 * What the capture process tells the daemon, over a pipe. The daemon trusts none of it: whoever
 * takes over the capture process can write here what he likes.
 *
 * A record is its length (2 bytes, of what follows), its kind (1 byte) and its body. A datagram is
 * source and destination address (16 bytes each), source and destination port (2 bytes each), and
 * the payload; the other kinds are JSON.
 */
export type CaptureRecord =
  | { readonly kind: 'listening'; readonly linkType: string }
  | { readonly kind: 'datagram'; readonly datagram: Datagram }
  /** Of a capture file only: Unix time in milliseconds at which the datagram behind it was captured. */
  | { readonly kind: 'moment'; readonly unix: number }
  | { readonly kind: 'report'; readonly report: CaptureReport }
  | { readonly kind: 'failed'; readonly reason: string };

/** What was not handed on, counted since the capture began. */
export interface CaptureReport {
  /** Datagrams lost because the pipe was full. */
  readonly dropped: number;
  /** Frames refused, by fault. */
  readonly refused: Readonly<Record<string, number>>;
}

/** The bytes on the pipe are not records: the capture process cannot be trusted any longer. */
export class CaptureWireError extends Error {
  override readonly name = 'CaptureWireError';
}

const KIND = { listening: 1, datagram: 2, report: 3, failed: 4, moment: 5 } as const;

const LENGTH_SIZE = 2;
const KIND_SIZE = 1;
const ADDRESS_SIZE = 16;
const PORT_SIZE = 2;
const DATAGRAM_HEADER_SIZE = 2 * ADDRESS_SIZE + 2 * PORT_SIZE;

/** Largest length of a record in bytes: a datagram of a packet is half of it. */
const MAX_LENGTH = 1024;

/** Longest text taken over from the capture process, in characters. */
const MAX_TEXT = 400;

/** Size in bytes of the record of a datagram. */
export function datagramRecordSize({ payload }: Datagram): number {
  return LENGTH_SIZE + KIND_SIZE + DATAGRAM_HEADER_SIZE + payload.length;
}

/** Writes the record of a datagram into bytes, which have room for it from `at` on. */
export function writeDatagramRecord(bytes: Buffer, at: number, datagram: Datagram): void {
  const { source, destination, sourcePort, destinationPort, payload } = datagram;
  let offset = writeHead(bytes, at, KIND.datagram, DATAGRAM_HEADER_SIZE + payload.length);
  bytes.set(source, offset);
  bytes.set(destination, offset + ADDRESS_SIZE);
  offset = bytes.writeUInt16BE(sourcePort, offset + 2 * ADDRESS_SIZE);
  offset = bytes.writeUInt16BE(destinationPort, offset);
  bytes.set(payload, offset);
}

export function encodeDatagramRecord(datagram: Datagram): Uint8Array {
  const record = Buffer.allocUnsafe(datagramRecordSize(datagram));
  writeDatagramRecord(record, 0, datagram);
  return record;
}

export function encodeRecord(record: Exclude<CaptureRecord, { kind: 'datagram' }>): Uint8Array {
  const body = Buffer.from(JSON.stringify(bodyOf(record)));
  const bytes = Buffer.allocUnsafe(LENGTH_SIZE + KIND_SIZE + body.length);
  bytes.set(body, writeHead(bytes, 0, KIND[record.kind], body.length));
  return bytes;
}

/** Whether the payload of a datagram fits into a record. */
export function fitsRecord(payload: Uint8Array): boolean {
  return KIND_SIZE + DATAGRAM_HEADER_SIZE + payload.length <= MAX_LENGTH;
}

/** Puts records together again from the pieces in which a pipe delivers them. */
export class CaptureWireDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The records that are complete with this piece.
   * @throws {CaptureWireError} if the bytes are not records
   */
  push(piece: Uint8Array): CaptureRecord[] {
    const records: CaptureRecord[] = [];
    const bytes = this.#rest.length === 0 ? bufferOf(piece) : Buffer.concat([this.#rest, piece]);
    let at = 0;
    while (at + LENGTH_SIZE <= bytes.length) {
      const length = bytes.readUInt16BE(at);
      if (length < KIND_SIZE || length > MAX_LENGTH) {
        throw new CaptureWireError(`record of ${length} bytes`);
      }
      const end = at + LENGTH_SIZE + length;
      if (bytes.length < end) break;
      records.push(decodeRecord(bytes, at + LENGTH_SIZE, end));
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return records;
  }
}

/** Writes length and kind. @returns the offset of the body */
function writeHead(bytes: Buffer, at: number, kind: number, bodySize: number): number {
  return bytes.writeUInt8(kind, bytes.writeUInt16BE(KIND_SIZE + bodySize, at));
}

function bodyOf(record: Exclude<CaptureRecord, { kind: 'datagram' }>): unknown {
  switch (record.kind) {
    case 'listening':
      return record.linkType;
    case 'report':
      return record.report;
    case 'moment':
      return record.unix;
    case 'failed':
      return printable(record.reason.slice(0, MAX_TEXT));
  }
}

/** @param at offset in bytes of the kind */
function decodeRecord(bytes: Buffer, at: number, end: number): CaptureRecord {
  const kind = bytes.readUInt8(at);
  // No view of the body: views are most of what it costs to decode a datagram, and junk is to cost little.
  if (kind === KIND.datagram)
    return { kind: 'datagram', datagram: decodeDatagram(bytes, at + KIND_SIZE, end) };
  const body = bytes.subarray(at + KIND_SIZE, end);
  switch (kind) {
    case KIND.listening:
      return { kind: 'listening', linkType: decodeText(body) };
    case KIND.report:
      return { kind: 'report', report: decodeReport(body) };
    case KIND.failed:
      return { kind: 'failed', reason: decodeText(body) };
    case KIND.moment:
      return { kind: 'moment', unix: decodeMoment(body) };
    default:
      throw new CaptureWireError(`record of kind ${kind}`);
  }
}

function decodeDatagram(bytes: Buffer, at: number, end: number): Datagram {
  if (at + DATAGRAM_HEADER_SIZE > end) throw new CaptureWireError(`datagram of ${end - at} bytes`);
  const ports = at + 2 * ADDRESS_SIZE;
  return {
    source: bytes.subarray(at, at + ADDRESS_SIZE),
    destination: bytes.subarray(at + ADDRESS_SIZE, ports),
    sourcePort: bytes.readUInt16BE(ports),
    destinationPort: bytes.readUInt16BE(ports + PORT_SIZE),
    payload: bytes.subarray(at + DATAGRAM_HEADER_SIZE, end),
  };
}

function decodeReport(body: Buffer): CaptureReport {
  const value = decodeJson(body);
  if (typeof value === 'object' && value !== null && 'dropped' in value && 'refused' in value) {
    const { dropped, refused } = value;
    if (isCount(dropped) && typeof refused === 'object' && refused !== null) {
      const counts = Object.entries(refused);
      if (counts.every((entry): entry is [string, number] => isCount(entry[1]))) {
        return {
          dropped,
          refused: Object.fromEntries(counts.map(([fault, count]) => [printable(fault), count])),
        };
      }
    }
  }
  throw new CaptureWireError('report of another form');
}

function decodeMoment(body: Buffer): number {
  const value = decodeJson(body);
  if (!isCount(value) || value > LAST_TIME) throw new CaptureWireError('moment of another form');
  return value;
}

function decodeText(body: Buffer): string {
  const value = decodeJson(body);
  if (typeof value !== 'string') throw new CaptureWireError('text of another form');
  return printable(value.slice(0, MAX_TEXT));
}

function decodeJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new CaptureWireError('record that is not JSON', { cause });
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
