/**
 * The capture process: opens the capture as root, gives up every privilege, and from then on turns
 * frames into datagrams for the daemon. It holds no secret. When its interface goes away it ends, and
 * the daemon starts another.
 */
import { GATE_SIZE } from '@bouncer-spa/protocol';
import { encodeRecord, fitsRecord } from '../core/capture-wire.js';
import type { Datagram } from '../core/datagram.js';
import { isLinkType, parseFrame, type LinkType } from '../core/frame.js';
import type { CaptureSpec } from './capture-spec.js';
import { Destinations } from './destinations.js';
import { orExit, reasonOf } from './or-exit.js';
import { openPcap } from './pcap-source.js';
import { dropPrivileges } from './privileges.js';
import { openRawSocket } from './raw-socket-source.js';
import { RecordPipe } from './record-pipe.js';

/** Between two reports, and between two looks at the interface. */
const REPORT_MILLISECONDS = 1_000;

/** Time for the packets that have arrived when we are to end. */
const LAST_LOOK_MILLISECONDS = 50;

class Capture {
  readonly #pipe: RecordPipe;
  readonly #linkType: LinkType;
  readonly #destinations: Destinations;
  /** What is to be looked at here, since no filter of the kernel has. */
  readonly #wanted: { readonly port: number; readonly gates: ReadonlySet<number> | undefined } | undefined;
  readonly #refused: Record<string, number> = {};
  #dropped = 0;
  #reported = -Infinity;

  constructor(pipe: RecordPipe, linkType: LinkType, { backend, destination, port, gates }: CaptureSpec) {
    this.#pipe = pipe;
    this.#linkType = linkType;
    this.#destinations = new Destinations(destination);
    this.#wanted = backend === 'raw-socket' ? { port, gates: gates && new Set(gates) } : undefined;
  }

  /** @param frame valid only during the call */
  take(frame: Uint8Array): void {
    const datagram = parseFrame(this.#linkType, frame);
    const monotonic = performance.now();
    if (typeof datagram === 'string') this.#refuse(datagram);
    else if (!this.#isWanted(datagram)) this.#refuse('filtered');
    else if (!this.#destinations.has(datagram.destination, monotonic)) this.#refuse('not-for-this-host');
    else if (!fitsRecord(datagram.payload)) this.#refuse('too-long');
    else if (!this.#pipe.writeDatagram(datagram)) this.#dropped++;
    if (monotonic - this.#reported >= REPORT_MILLISECONDS) this.report(monotonic);
  }

  /** Sends the counts; by that the daemon also knows that we live. */
  report(monotonic: number): void {
    this.#reported = monotonic;
    this.#pipe.write(
      encodeRecord({ kind: 'report', report: { dropped: this.#dropped, refused: this.#refused } }),
    );
  }

  #isWanted({ destinationPort, payload }: Datagram): boolean {
    if (this.#wanted === undefined) return true;
    const { port, gates } = this.#wanted;
    if (destinationPort !== port) return false;
    return gates === undefined || (payload.length >= GATE_SIZE && gates.has(gateOf(payload)));
  }

  #refuse(fault: string): void {
    this.#refused[fault] = (this.#refused[fault] ?? 0) + 1;
  }
}

function gateOf({ buffer, byteOffset }: Uint8Array): number {
  return new DataView(buffer, byteOffset, GATE_SIZE).getUint32(0);
}

async function start(spec: CaptureSpec, pipe: RecordPipe): Promise<void> {
  const source = await (spec.backend === 'pcap' ? openPcap(spec) : openRawSocket(spec));
  const { linkType } = source;
  dropPrivileges(spec.uid, spec.gid);
  if (!isLinkType(linkType)) throw new Error(`frames of link type ${linkType} are not understood`);
  const capture = new Capture(pipe, linkType, spec);
  source.listen((frame) => {
    orExit(() => {
      capture.take(frame);
    });
  });
  setInterval(() => {
    orExit(() => {
      if (!source.isRunning) throw new Error(`${spec.interface} went away`);
      capture.report(performance.now());
    });
  }, REPORT_MILLISECONDS);
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
    start(spec, pipe).catch((error: unknown) => {
      pipe.write(encodeRecord({ kind: 'failed', reason: `${spec.interface}: ${reasonOf(error)}` }));
      pipe.flush();
      process.exit(1);
    });
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
