import ipaddr from 'ipaddr.js';
import type { Datagram } from '@bouncer-spa/bouncer/dist/core/datagram.js';
import type { FrameFault } from '@bouncer-spa/bouncer/dist/core/frame.js';

/** `SOURCE.PORT > DESTINATION.PORT`, as tcpdump -n writes it. */
export function endsText(datagram: Datagram): string {
  const { source, sourcePort, destination, destinationPort } = datagram;
  return `${addressText(source)}.${sourcePort} > ${addressText(destination)}.${destinationPort}`;
}

/** One line for what has been read from a frame: the ends and the payload as text, or the fault. */
export function resultText(result: Datagram | FrameFault): string {
  if (typeof result === 'string') return result;
  return `${endsText(result)}: ${Buffer.from(result.payload).toString('latin1')}`;
}

function addressText(bytes: Uint8Array): string {
  const address = ipaddr.IPv6.parse(
    Buffer.from(bytes)
      .toString('hex')
      .replace(/(.{4})(?!$)/g, '$1:'),
  );
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toString();
}
