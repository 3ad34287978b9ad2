import { parseFrame, type LinkType } from '@bouncer-spa/bouncer/dist/core/frame.js';

/** What strangers write onto the wire: the parser neither throws nor reads outside of it. */
const LINK_TYPES: readonly LinkType[] = [
  'ETHERNET',
  'LINKTYPE_LINUX_SLL',
  'LINKTYPE_LINUX_SLL2',
  'NULL',
  'RAW',
];

export const tokens: readonly string[] = [];

export function fuzz(input: Buffer): void {
  for (const linkType of LINK_TYPES) {
    const result = parseFrame(linkType, input);
    if (typeof result === 'string') continue;
    const { payload, source, destination, sourcePort, destinationPort } = result;
    if (payload.length > 0 && payload.buffer !== input.buffer) throw new Error('the payload is no view');
    if (payload.byteOffset + payload.length > input.byteOffset + input.length)
      throw new Error('the payload reaches beyond the frame');
    if (source.length !== 16 || destination.length !== 16) throw new Error('an address is not 16 bytes');
    if (!isPort(sourcePort) || !isPort(destinationPort)) throw new Error('a port is none');
  }
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff;
}
