import { createSocket } from 'node:dgram';
import { promisify } from 'node:util';
import { parseActingAddress, type ActingAddress } from '../core/address.js';
import { Refusal } from '../core/refusal.js';
import { isSystemError, reasonOf } from './reason.js';
import type { Destination } from './resolve.js';

/** Any will do: connecting a UDP socket sends nothing. */
const PORT = 9;

/**
 * The address of this machine that the kernel sends from to a destination.
 * @throws {Refusal} if there is no way there
 */
export async function ownAddress(to: Destination): Promise<ActingAddress> {
  const socket = createSocket(to.family === 6 ? 'udp6' : 'udp4');
  try {
    await promisify((done: (error?: Error) => void) => {
      socket.once('error', done);
      socket.connect(PORT, to.address, done);
    })();
    // A zone means nothing to the server.
    const [address = ''] = socket.address().address.split('%');
    return await parseActingAddress(address);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Refusal('sending', { sentence: `there is no way to ${to.address}: ${reasonOf(error)}` });
  } finally {
    socket.close();
  }
}
