import { networkInterfaces } from 'node:os';
import type { CaptureSpec } from './capture-spec.js';
import { FRAME_SIZE, importBackend, type FrameSource } from './frame-source.js';

/** Option of a socket (socket(7)) that the package has no name for: hear one interface only. */
const SO_BINDTODEVICE = 25;

/**
 * Opens a raw socket for UDP over IPv4, for where there is no libpcap. It shows every datagram that the
 * firewall lets through, behind its IP header. The only importer of `raw-socket`.
 */
export async function openRawSocket({ interface: name }: CaptureSpec): Promise<FrameSource> {
  const { default: raw } = await importBackend('raw-socket', () => import('raw-socket'));
  const socket = raw.createSocket({
    addressFamily: raw.AddressFamily.IPv4,
    protocol: raw.Protocol.UDP,
    bufferSize: FRAME_SIZE,
  });
  if (name !== 'any') {
    const device = Buffer.from(`${name}\0`);
    socket.setOption(raw.SocketLevel.SOL_SOCKET, SO_BINDTODEVICE, device, device.length);
  }
  return {
    linkType: 'RAW',
    listen(take) {
      socket.on('message', take);
      socket.on('error', (error) => {
        throw error;
      });
    },
    get isRunning() {
      return name === 'any' || networkInterfaces()[name] !== undefined;
    },
  };
}
