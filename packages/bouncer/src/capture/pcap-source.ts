import type { CaptureSpec } from './capture-spec.js';
import { FRAME_SIZE, importBackend, type FrameSource } from './frame-source.js';
import { PacketSocket } from './packet-socket.js';

/** Bytes of the kernel's ring. `cap` takes 64 KiB a frame, so this holds 128 of them. */
const RING_SIZE = 8 * 1024 * 1024;

/**
 * Opens a capture with libpcap. The only importer of `cap`, which aborts its process when the
 * interface goes down. To be opened once in a process, and never closed.
 */
export async function openPcap(spec: CaptureSpec): Promise<FrameSource> {
  const { default: cap } = await importBackend('cap', () => import('cap'));
  const session = new cap.Cap();
  const buffer = Buffer.alloc(FRAME_SIZE);
  const linkType = session.open(spec.interface, spec.filter, RING_SIZE, buffer);
  const socket = PacketSocket.find();
  /** Views of the buffer by their size: packets have few, and one for each frame would be one to collect. */
  const frames = new Map<number, Buffer>();
  return {
    linkType,
    listen(take) {
      session.on('packet', (size: number) => {
        let frame = frames.get(size);
        if (frame === undefined) frames.set(size, (frame = buffer.subarray(0, size)));
        take(frame);
      });
    },
    get isRunning() {
      return socket?.isRunning !== false;
    },
  };
}
