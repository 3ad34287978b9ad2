import type { Datagram } from '../datagram.js';
import type { FrameFault } from './fault.js';
import { parseIpv4 } from './ipv4.js';
import { parseIpv6 } from './ipv6.js';
import { uint16, uint32, uint8 } from './octets.js';

/** Values of an EtherType field (IANA, IEEE 802 Numbers). Below 0x0600 it is a length, and no IP follows. */
const ETHER_TYPE = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  /** IEEE 802.1Q. */
  vlan: 0x8100,
  /** IEEE 802.1ad, and what switches used before there was that standard. */
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
} as const;

const ETHER_TYPE_SIZE = 2;

/** A tag stands in front of the EtherType: a type of its own, and 2 bytes with the VLAN's number. */
const VLAN_TAG_SIZE = 4;
const MAX_VLAN_TAGS = 2;

/** Offset in bytes of the EtherType, behind two addresses (IEEE 802.3). */
const ETHERNET_TYPE_OFFSET = 12;

/** Offsets in bytes of a cooked header's fields (LINKTYPE_LINUX_SLL, tcpdump.org/linktypes). */
const COOKED_OFFSET = { packetType: 0, etherType: 14 } as const;

/** The same of version 2 (LINKTYPE_LINUX_SLL2), where the EtherType stands in front. */
const COOKED2_OFFSET = { etherType: 0, packetType: 10, packet: 20 } as const;

/** Packet type of a frame that this host sent. Those received are 0 to 3, and there are no others. */
const COOKED_OUTGOING = 4;

/** Address families in front of a loopback frame (LINKTYPE_NULL, tcpdump.org/linktypes). */
const FAMILY_IPV4 = 2;
/** Linux; OpenBSD, NetBSD; FreeBSD; macOS. */
const FAMILIES_IPV6: readonly number[] = [10, 24, 28, 30];
const FAMILY_SIZE = 4;

/** Reads a frame of Ethernet II. */
export function parseEthernet(frame: Uint8Array): Datagram | FrameFault {
  return parseTyped(frame, ETHERNET_TYPE_OFFSET);
}

/** Reads a Linux cooked frame of version 1, as the device `any` gives them. */
export function parseCooked(frame: Uint8Array): Datagram | FrameFault {
  if (frame.length < COOKED_OFFSET.etherType) return 'truncated';
  return (
    packetTypeFault(uint16(frame, COOKED_OFFSET.packetType)) ?? parseTyped(frame, COOKED_OFFSET.etherType)
  );
}

/**
 * Reads a Linux cooked frame of version 2, as tcpdump writes them into files. Tags that the kernel has
 * taken out are not put back into those.
 */
export function parseCooked2(frame: Uint8Array): Datagram | FrameFault {
  if (frame.length < COOKED2_OFFSET.packet) return 'truncated';
  const fault = packetTypeFault(uint8(frame, COOKED2_OFFSET.packetType));
  if (fault !== undefined) return fault;
  return parseBehindType(uint16(frame, COOKED2_OFFSET.etherType), frame, COOKED2_OFFSET.packet);
}

function packetTypeFault(packetType: number): FrameFault | undefined {
  if (packetType === COOKED_OUTGOING) return 'outgoing';
  return packetType > COOKED_OUTGOING ? 'malformed' : undefined;
}

/** Reads a BSD loopback frame. */
export function parseLoopback(frame: Uint8Array): Datagram | FrameFault {
  if (frame.length < FAMILY_SIZE) return 'truncated';
  // The byte order is that of the machine that captured. A family is one byte, so the smaller number is it.
  const family = Math.min(uint32(frame, 0), swapBytes(uint32(frame, 0)));
  if (family === FAMILY_IPV4) return parseIpv4(frame, FAMILY_SIZE);
  return FAMILIES_IPV6.includes(family) ? parseIpv6(frame, FAMILY_SIZE) : 'not-ip';
}

/** Reads a frame that is an IP packet and nothing else. */
export function parseRaw(frame: Uint8Array): Datagram | FrameFault {
  if (frame.length === 0) return 'truncated';
  switch (uint8(frame, 0) >>> 4) {
    case 4:
      return parseIpv4(frame, 0);
    case 6:
      return parseIpv6(frame, 0);
    default:
      return 'not-ip';
  }
}

/**
 * Reads what stands behind an EtherType. The kernel takes a VLAN tag out of the frame before its
 * filter looks at it, and libpcap puts it back, in front of the EtherType of Ethernet and cooked
 * frames alike.
 * @param at offset in bytes of the first EtherType
 */
function parseTyped(frame: Uint8Array, at: number): Datagram | FrameFault {
  const last = at + MAX_VLAN_TAGS * VLAN_TAG_SIZE;
  for (let offset = at; offset <= last; offset += VLAN_TAG_SIZE) {
    const network = offset + ETHER_TYPE_SIZE;
    if (network > frame.length) return 'truncated';
    const type = uint16(frame, offset);
    if (!isVlan(type)) return parseBehindType(type, frame, network);
  }
  return 'too-deep';
}

/** @param at offset in bytes of what the EtherType announces */
function parseBehindType(type: number, frame: Uint8Array, at: number): Datagram | FrameFault {
  if (type === ETHER_TYPE.ipv4) return parseIpv4(frame, at);
  return type === ETHER_TYPE.ipv6 ? parseIpv6(frame, at) : 'not-ip';
}

function isVlan(type: number): boolean {
  return type === ETHER_TYPE.vlan || type === ETHER_TYPE.serviceVlan || type === ETHER_TYPE.oldServiceVlan;
}

function swapBytes(value: number): number {
  const swapped = (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
  return swapped >>> 0;
}
