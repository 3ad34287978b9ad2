import { createSocket } from 'node:dgram';
import { Refusal } from '../core/refusal.js';
import type { Sending } from '../core/sending.js';
import { sendRawDatagram } from './raw-datagram.js';
import type { Destination } from './resolve.js';
import { isSystemError, reasonOf } from './reason.js';

/**
 * Hands one datagram to the kernel.
 * @param payload 1 to 508 bytes
 * @param port 1 to 65535
 * @throws {Refusal} if the kernel does not take it
 */
export async function sendDatagram(
  payload: Uint8Array,
  to: Destination,
  port: number,
  sending: Sending,
): Promise<void> {
  if (sending.source !== undefined) {
    await sendRawDatagram(payload, to, port, { ...sending, source: sending.source });
    return;
  }
  const socket = createSocket({
    type: to.family === 6 ? 'udp6' : 'udp4',
    // There is no name to look up, and node:dns takes a millisecond to load.
    lookup: (address, _, done) => {
      done(null, address, to.family);
    },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      // A socket that cannot be bound says so here and never calls back.
      socket.once('error', reject);
      const send = (): void => {
        if (sending.ttl !== undefined) socket.setTTL(sending.ttl);
        socket.send(payload, port, to.address, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      };
      if (sending.sourcePort === undefined && sending.ttl === undefined) send();
      else socket.bind(sending.sourcePort ?? 0, send);
    });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Refusal('sending', {
      sentence: `could not send to ${to.address}: ${reasonOf(error)}`,
      hint: hintFor(error.code, sending),
    });
  } finally {
    socket.close();
  }
}

function hintFor(code: string, { sourcePort }: Sending): string | undefined {
  switch (code) {
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return 'is this machine connected to a network? opener doctor PROFILE looks at all on the way';
    case 'EPERM':
      return 'the firewall of this machine keeps it from going out: nft list ruleset';
    default:
      return sourcePort === undefined ? undefined : 'choose another --source-port; one below 1024 takes root';
  }
}
