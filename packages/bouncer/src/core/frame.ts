import type { Datagram } from './datagram.js';
import type { FrameFault } from './frame/fault.js';
import { parseCooked, parseCooked2, parseEthernet, parseLoopback, parseRaw } from './frame/link.js';

export type { FrameFault };

/** How a frame begins, in the words of what `cap` returns from `open()`, and one that is in files only. */
export type LinkType = 'ETHERNET' | 'LINKTYPE_LINUX_SLL' | 'LINKTYPE_LINUX_SLL2' | 'NULL' | 'RAW';

const PARSERS: Readonly<Record<LinkType, (frame: Uint8Array) => Datagram | FrameFault>> = {
  ETHERNET: parseEthernet,
  LINKTYPE_LINUX_SLL: parseCooked,
  LINKTYPE_LINUX_SLL2: parseCooked2,
  NULL: parseLoopback,
  RAW: parseRaw,
};

/** Whether frames that begin in this way can be read; `cap` has other link types too. */
export function isLinkType(text: string): text is LinkType {
  return Object.hasOwn(PARSERS, text);
}

/**
 * Finds the UDP datagram in a captured frame. Whatever the bytes, it neither throws nor reads
 * outside of them.
 * @returns a datagram that is good until the next call, and whose payload is a view into the frame, to be
 *   copied before that is overwritten, or the first reason why the frame has none
 */
export function parseFrame(linkType: LinkType, frame: Uint8Array): Datagram | FrameFault {
  return PARSERS[linkType](frame);
}
