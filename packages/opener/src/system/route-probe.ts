import { createSocket, type Socket } from 'node:dgram';
import { promisify } from 'node:util';
import { isSystemError, reasonOf } from './reason.js';
import type { Destination } from './resolve.js';

/** What the kernel says of the way to an address. */
export type Route =
  | { readonly kind: 'none'; readonly reason: string }
  | {
      readonly kind: 'some';
      /** The address that packets come from. */
      readonly source: string;
      /** Why this machine's own firewall lets nothing out; `undefined` if it does. */
      readonly blocked: string | undefined;
    };

/** The discard service (RFC 863). */
const DISCARD_PORT = 9;

/**
 * Asks the kernel for the way to an address. Sends an empty datagram that the first router drops, since a
 * firewall is asked in no other way.
 */
export async function probeRoute(to: Destination, port = DISCARD_PORT): Promise<Route> {
  const socket = createSocket(to.family === 6 ? 'udp6' : 'udp4');
  try {
    await promisify((done: (error?: Error) => void) => {
      socket.once('error', done);
      socket.connect(port, to.address, done);
    })();
    const source = socket.address().address;
    socket.setTTL(1);
    return { kind: 'some', source, blocked: await refusalOf(socket) };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { kind: 'none', reason: reasonOf(error) };
  } finally {
    socket.close();
  }
}

async function refusalOf(socket: Socket): Promise<string | undefined> {
  const error = await new Promise<Error | null>((resolve) => {
    socket.send(Buffer.alloc(0), resolve);
  });
  if (error === null) return undefined;
  if (!isSystemError(error)) throw error;
  return reasonOf(error);
}
