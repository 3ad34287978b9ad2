/**
 * The capture process: opens the capture as root, gives up every privilege, and from then on turns
 * frames into datagrams for the daemon. It holds no secret. The only importer of `cap`, which aborts
 * its process when the interface goes down: the daemon then starts another.
 */
import cap from 'cap';
import { encodeDatagramRecord, encodeRecord, fitsRecord } from '../core/capture-wire.js';
import { isLinkType, parseFrame, type LinkType } from '../core/frame.js';
import type { CaptureSpec } from './capture-spec.js';
import { LocalAddresses } from './local-addresses.js';
import { orExit, reasonOf } from './or-exit.js';
import { PacketSocket } from './packet-socket.js';
import { dropPrivileges } from './privileges.js';
import { RecordPipe } from './record-pipe.js';

/** Bytes of the kernel's ring. `cap` takes 64 KiB a frame, so this holds 128 of them. */
const RING_SIZE = 8 * 1024 * 1024;

/** Largest frame that `cap` hands over, in bytes. */
const FRAME_SIZE = 65_535;

const REPORT_MILLISECONDS = 1_000;

/** Time for the packets that have arrived when we are to end. */
const LAST_LOOK_MILLISECONDS = 50;

class Capture {
  readonly #pipe: RecordPipe;
  readonly #linkType: LinkType;
  readonly #addresses = new LocalAddresses();
  readonly #refused: Record<string, number> = {};
  #dropped = 0;
  #reported = -Infinity;

  constructor(pipe: RecordPipe, linkType: LinkType) {
    this.#pipe = pipe;
    this.#linkType = linkType;
  }

  /** @param frame valid only during the call */
  take(frame: Uint8Array): void {
    const datagram = parseFrame(this.#linkType, frame);
    const monotonic = performance.now();
    if (typeof datagram === 'string') this.#refuse(datagram);
    else if (!this.#addresses.has(datagram.destination, monotonic)) this.#refuse('not-for-this-host');
    else if (!fitsRecord(datagram.payload)) this.#refuse('too-long');
    else if (!this.#pipe.write(encodeDatagramRecord(datagram))) this.#dropped++;
    this.report(monotonic);
  }

  /** Sends the counts once a second; by that the daemon also knows that we live. */
  report(monotonic: number): void {
    if (monotonic - this.#reported < REPORT_MILLISECONDS) return;
    this.#reported = monotonic;
    this.#pipe.write(
      encodeRecord({ kind: 'report', report: { dropped: this.#dropped, refused: this.#refused } }),
    );
  }

  #refuse(fault: string): void {
    this.#refused[fault] = (this.#refused[fault] ?? 0) + 1;
  }
}

function start(spec: CaptureSpec, pipe: RecordPipe): void {
  const session = new cap.Cap();
  const buffer = Buffer.alloc(FRAME_SIZE);
  const linkType = session.open(spec.interface, spec.filter, RING_SIZE, buffer);
  const socket = PacketSocket.find();
  dropPrivileges(spec.uid, spec.gid);
  if (!isLinkType(linkType)) throw new Error(`frames of link type ${linkType} are not understood`);
  const capture = new Capture(pipe, linkType);
  session.on('packet', (size: number) => {
    orExit(() => {
      capture.take(buffer.subarray(0, size));
    });
  });
  setInterval(() => {
    orExit(() => {
      if (socket?.isRunning === false) throw new Error(`${spec.interface} went away`);
      capture.report(performance.now());
    });
  }, REPORT_MILLISECONDS / 4);
  pipe.write(encodeRecord({ kind: 'listening', linkType }));
}

function main(): void {
  // Without a handler, whoever may signal us could open Node's debugger in us.
  process.on('SIGUSR1', () => undefined);
  const pipe = new RecordPipe();
  let line = '';
  let started = false;
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text: string) => {
    line += text;
    if (started || !line.includes('\n')) return;
    started = true;
    const spec = JSON.parse(line) as CaptureSpec;
    try {
      start(spec, pipe);
    } catch (error) {
      pipe.write(encodeRecord({ kind: 'failed', reason: `${spec.interface}: ${reasonOf(error)}` }));
      pipe.flush();
      process.exit(1);
    }
  });
  // The daemon closes our input to retire us; the kernel does when the daemon dies.
  // What is in the kernel's ring by then is handed on first.
  process.stdin.on('end', () => {
    setTimeout(() => {
      orExit(() => {
        pipe.flush();
      });
      process.exit(0);
    }, LAST_LOOK_MILLISECONDS);
  });
}

main();
