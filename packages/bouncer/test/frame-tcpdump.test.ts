import { spawnSync } from 'node:child_process';
import type { Datagram } from '@bouncer-spa/bouncer/dist/core/datagram.js';
import { parseFrame, type FrameFault, type LinkType } from '@bouncer-spa/bouncer/dist/core/frame.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { applyEdits, edits } from './frame-edit.js';
import { SAMPLES } from './frame-samples.js';
import { endsText } from './frame-text.js';

/** Numbers of the link types in a pcap file (tcpdump.org/linktypes). */
const LINK_TYPE_NUMBERS: Readonly<Record<LinkType, number>> = {
  ETHERNET: 1,
  LINKTYPE_LINUX_SLL: 113,
  LINKTYPE_LINUX_SLL2: 276,
  NULL: 0,
  RAW: 101,
};

/** Why frames are refused of which tcpdump shows the datagram all the same. */
const STRICTER: readonly FrameFault[] = ['address', 'fragment', 'in-transit'];

/** The same for cooked frames, where tcpdump takes any packet type. */
const STRICTER_IF_COOKED: readonly FrameFault[] = [...STRICTER, 'outgoing', 'malformed'];

/** How a line of tcpdump ends that did not like the inside of an extension header, which is not read here. */
const GAVE_UP = /\[\|\w+\]$|\(invalid\)$/;

/** In front of a cooked frame of version 2 stand its interface and direction. */
const LINE = /^(\d+)\.000000 (?:\S+ +\w+ +)?IP6? (.*)$/gm;

describe('tcpdump', () => {
  before(function () {
    if (spawnSync('tcpdump', ['--version']).status !== 0) this.skip();
  });

  it('reads the same addresses, ports and lengths from the samples', () => {
    for (const { name, linkType, frame } of SAMPLES) {
      const line = tcpdump(linkType, [frame]).get(0);
      expect(line, name).to.equal(lineText(parseFrame(linkType, frame)));
    }
  });

  for (const linkType of Object.keys(LINK_TYPE_NUMBERS) as LinkType[]) {
    it(`reads the same from frames with bytes set, inserted and removed (${linkType})`, () => {
      const samples = SAMPLES.filter((sample) => sample.linkType === linkType);
      const edited = fc
        .tuple(fc.constantFrom(...samples), edits)
        .map(([{ frame }, list]) => applyEdits(frame, list));
      // Always the same ones: another tcpdump may well be of another opinion about one in a million.
      const frames = fc.sample(edited, { numRuns: 10_000, seed: 862 });
      const stricter = linkType.startsWith('LINKTYPE_LINUX_SLL') ? STRICTER_IF_COOKED : STRICTER;
      const lines = tcpdump(linkType, frames);
      let agreed = 0;
      frames.forEach((frame, index) => {
        const result = parseFrame(linkType, frame);
        const line = lines.get(index);
        if (typeof result !== 'string') {
          if (line !== undefined && GAVE_UP.test(line)) return;
          expect(line, frame.toString('hex')).to.equal(lineText(result));
          agreed++;
        } else if (line !== undefined && isDatagram(line)) {
          expect(result, frame.toString('hex')).to.be.oneOf(stricter);
        }
      });
      expect(agreed).to.be.above(1000);
    });
  }
});

function lineText(result: Datagram | FrameFault): string {
  return typeof result === 'string' ? result : `${endsText(result)}: UDP, length ${result.payload.length}`;
}

function isDatagram(line: string): boolean {
  return /: UDP, length \d+$/.test(line) && !line.includes('truncated-ip');
}

/**
 * What tcpdump prints, by the index of the frame, which is the time of capture in the file. Not
 * every frame has a line of that form. -q keeps tcpdump from guessing protocols by the port.
 */
function tcpdump(linkType: LinkType, frames: readonly Uint8Array[]): ReadonlyMap<number, string> {
  const { status, stdout, stderr } = spawnSync('tcpdump', ['-r', '-', '-nn', '-tt', '-q'], {
    input: pcapFile(linkType, frames),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  expect(status, stderr).to.equal(0);
  const lines = new Map<number, string>();
  for (const [, seconds, line = ''] of stdout.matchAll(LINE)) {
    lines.set(Number(seconds), withoutExtensions(line));
  }
  return lines;
}

/** Behind extension headers tcpdump writes `SOURCE > DESTINATION: HBH DSTOPT PORT > PORT: ...`. */
function withoutExtensions(line: string): string {
  return line.replace(/^(\S+) > (\S+): .* (\d+) > (\d+): UDP/, '$1.$3 > $2.$4: UDP');
}

/** See pcap-savefile(5). */
function pcapFile(linkType: LinkType, frames: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(0xffff, 16);
  header.writeUInt32LE(LINK_TYPE_NUMBERS[linkType], 20);
  return Buffer.concat([header, ...frames.flatMap((frame, index) => [recordHeader(frame, index), frame])]);
}

function recordHeader(frame: Uint8Array, seconds: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(seconds, 0);
  header.writeUInt32LE(frame.length, 8);
  header.writeUInt32LE(frame.length, 12);
  return header;
}
