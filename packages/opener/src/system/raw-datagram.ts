import { randomInt } from 'node:crypto';
import { rawDatagram } from '../core/raw-datagram.js';
import { Refusal } from '../core/refusal.js';
import type { Sending } from '../core/sending.js';
import type { Destination } from './resolve.js';

/** With this protocol the kernel takes the IP header from whoever sends (raw(7), ipv6(7)). */
const IPPROTO_RAW = 255;

/** What Linux gives its own datagrams. */
const USUAL_TTL = 64;

/** Ports that no service has (RFC 6335). */
const FIRST_DYNAMIC_PORT = 49_152;
const END_OF_PORTS = 65_536;

/** Within which the kernel takes a datagram, unless its buffers are full. */
const LIMIT_MILLISECONDS = 5_000;

/**
 * Hands one datagram to the kernel that comes from an address of the caller's choice.
 * @param payload 1 to 508 bytes
 * @param port 1 to 65535
 * @throws {Refusal} if the source is of the other family, or the module or the privilege is missing
 */
export async function sendRawDatagram(
  payload: Uint8Array,
  to: Destination,
  port: number,
  sending: Sending & { readonly source: string },
): Promise<void> {
  const source = await addressBytes(sending.source);
  const destination = await addressBytes(to.address);
  if (source.length !== destination.length) {
    throw new Refusal('sending', {
      sentence: `could not send to ${to.address} from ${sending.source}: one is IPv4, the other IPv6`,
      hint: 'choose the family of the destination with -4 or -6',
    });
  }
  const raw = await loadRawSocket();
  const route = {
    source,
    destination,
    sourcePort: sending.sourcePort ?? randomInt(FIRST_DYNAMIC_PORT, END_OF_PORTS),
    destinationPort: port,
    ttl: sending.ttl ?? USUAL_TTL,
  };
  const bytes = rawDatagram(route, payload);
  const { IPv4, IPv6 } = raw.AddressFamily;
  try {
    const socket = raw.createSocket({ protocol: IPPROTO_RAW, addressFamily: to.family === 6 ? IPv6 : IPv4 });
    let limit: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        // Also what the socket is reachable by: one that waits is not, and the garbage collector would close it.
        limit = setTimeout(() => {
          reject(new Error(`the kernel did not take it within ${LIMIT_MILLISECONDS / 1_000} s`));
        }, LIMIT_MILLISECONDS);
        socket.once('error', reject);
        socket.send(bytes, 0, bytes.length, to.address, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    } finally {
      clearTimeout(limit);
      socket.close();
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isForbidden = /not permitted/i.test(error.message);
    throw new Refusal('sending', {
      sentence: `could not send to ${to.address} from ${sending.source}: ${error.message.toLowerCase()}`,
      hint: isForbidden ? 'a raw socket needs root, or the capability net_raw' : undefined,
    });
  }
}

async function loadRawSocket(): Promise<(typeof import('raw-socket'))['default']> {
  try {
    return (await import('raw-socket')).default;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Refusal('sending', {
      sentence: '--source takes the npm package raw-socket, which cannot be loaded',
      hint: 'npm install -g raw-socket@1.8.1, beside opener; it needs a compiler',
    });
  }
}

/** The bytes of an address without its zone. */
async function addressBytes(text: string): Promise<Uint8Array> {
  const { parse } = (await import('ipaddr.js')).default;
  return Uint8Array.from(parse(text.replace(/%.*/, '')).toByteArray());
}
