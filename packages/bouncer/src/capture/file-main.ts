/**
 * The process that reads a capture file: the file is its standard input, records of the datagrams at a
 * port its standard output. It gives up every privilege before it looks at the first byte.
 *
 *   file-main.js PORT UID GID
 */
import { readSync, writeSync } from 'node:fs';
import { readCaptureFile } from '../core/capture-file/read.js';
import { encodeDatagramRecord, encodeRecord, fitsRecord } from '../core/capture-wire.js';
import { FaultCounts } from '../core/fault-counts.js';
import { parseFrame, type LinkType } from '../core/frame.js';
import { reasonOf } from './or-exit.js';
import { dropPrivileges } from './privileges.js';

/** By their numbers (tcpdump.org/linktypes). BSDs and old tcpdumps have numbers of their own for raw IP. */
const LINK_TYPES: ReadonlyMap<number, LinkType> = new Map([
  [0, 'NULL'],
  [1, 'ETHERNET'],
  [12, 'RAW'],
  [14, 'RAW'],
  [101, 'RAW'],
  [113, 'LINKTYPE_LINUX_SLL'],
  [228, 'RAW'],
  [229, 'RAW'],
  [276, 'LINKTYPE_LINUX_SLL2'],
]);

const INPUT_FD = 0;
const OUTPUT_FD = 1;

/** Faults that are told apart, so that the report of them fits into a record. */
const MOST_FAULTS = 24;

/** Bytes that are read, and written, at once. */
const BATCH = 64 * 1024;

let input: Buffer = Buffer.alloc(0);
let output: Buffer[] = [];
let outputSize = 0;

/** The next so many bytes of the file; fewer only at its end. */
function take(size: number): Buffer {
  if (input.length < size) {
    // A pipe gives little at once, and a block can be large.
    const pieces = Buffer.allocUnsafe(Math.max(BATCH, size));
    let end = input.copy(pieces);
    while (end < size) {
      const count = readSync(INPUT_FD, pieces, end, pieces.length - end, null);
      if (count === 0) break;
      end += count;
    }
    input = pieces.subarray(0, end);
  }
  const bytes = input.subarray(0, size);
  input = input.subarray(size);
  return bytes;
}

function write(record: Uint8Array): void {
  output.push(Buffer.from(record));
  outputSize += record.length;
  if (outputSize >= BATCH) flush();
}

/** Waits for the reader, as a file does not run away. */
function flush(): void {
  let rest = Buffer.concat(output);
  while (rest.length > 0) rest = rest.subarray(writeSync(OUTPUT_FD, rest));
  output = [];
  outputSize = 0;
}

function readFile(port: number): void {
  const refused = new FaultCounts(MOST_FAULTS);
  for (const { linkType, time, bytes } of readCaptureFile(take)) {
    const type = LINK_TYPES.get(linkType);
    const datagram = type === undefined ? `link-type-${linkType}` : parseFrame(type, bytes);
    if (typeof datagram === 'string') refused.add(datagram);
    else if (datagram.destinationPort !== port) refused.add('other-port');
    else if (!fitsRecord(datagram.payload)) refused.add('too-long');
    else {
      write(encodeRecord({ kind: 'moment', unix: time }));
      write(encodeDatagramRecord(datagram));
    }
  }
  write(encodeRecord({ kind: 'report', report: { dropped: 0, refused: Object.fromEntries(refused.all) } }));
}

try {
  const [port = 0, uid = -1, gid = -1] = process.argv.slice(2).map(Number);
  dropPrivileges(uid, gid);
  readFile(port);
} catch (error) {
  write(encodeRecord({ kind: 'failed', reason: reasonOf(error) }));
}
flush();
