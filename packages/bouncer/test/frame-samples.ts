import type { LinkType } from '@bouncer-spa/bouncer/dist/core/frame.js';
import {
  cooked,
  cooked2,
  ETHER_TYPE,
  ethernet,
  ipv4,
  ipv6,
  loopback,
  options,
  PROTOCOL,
  routing,
  udp,
  type Ipv4Fields,
  type Ipv6Fields,
} from './frame-builder.js';

/** The UDP datagram in every sample: from port 4660 to port 51324. */
export const KNOCK = udp({ sourcePort: 4660, destinationPort: 51324, payload: Buffer.from('knock') });

/** What {@link resultText} makes of {@link KNOCK} in a packet of {@link knock4} or {@link knock6}. */
export const KNOCK4_TEXT = '192.0.2.7.4660 > 198.51.100.9.51324: knock';
export const KNOCK6_TEXT = '2001:db8::7.4660 > 2001:db8::9.51324: knock';

export function knock4(fields: Partial<Ipv4Fields> = {}): Buffer {
  return ipv4({ source: '192.0.2.7', destination: '198.51.100.9', payload: KNOCK, ...fields });
}

export function knock6(fields: Partial<Ipv6Fields> = {}): Buffer {
  return ipv6({ source: '2001:db8::7', destination: '2001:db8::9', payload: KNOCK, ...fields });
}

export interface Sample {
  readonly name: string;
  readonly linkType: LinkType;
  readonly frame: Buffer;
  readonly text: string;
  /** Number of bytes behind the IP packet. */
  readonly padding: number;
}

const PADDING = Buffer.alloc(13, 0xee);

const C_TAG = { type: ETHER_TYPE.vlan, vlan: 5 };
const S_TAG = { type: ETHER_TYPE.serviceVlan, vlan: 4094 };
const OLD_S_TAG = { type: ETHER_TYPE.oldServiceVlan, vlan: 0 };

const EXTENSIONS = [
  options(PROTOCOL.hopByHopOptions),
  options(PROTOCOL.destinationOptions, 2),
  routing(0, 1),
  options(PROTOCOL.destinationOptions),
];

/** Forty bytes: one option that nobody knows, then the end of the list. */
const OPTIONS = Buffer.concat([Uint8Array.of(30, 38), Buffer.alloc(36, 0xff), Uint8Array.of(1, 0)]);

/** Frames that hold a datagram: every link type, tag, header with and without all that may come between. */
export const SAMPLES: readonly Sample[] = [
  four('Ethernet, IPv4', 'ETHERNET', ethernet(knock4())),
  four('Ethernet with padding, IPv4', 'ETHERNET', ethernet(knock4(), { padding: PADDING }), PADDING.length),
  four('Ethernet, IPv4 with options', 'ETHERNET', ethernet(knock4({ options: OPTIONS }))),
  four('Ethernet with two tags, IPv4', 'ETHERNET', ethernet(knock4(), { tags: [S_TAG, C_TAG] })),
  six('Ethernet, IPv6', 'ETHERNET', ethernet(knock6())),
  six('Ethernet with a tag, IPv6', 'ETHERNET', ethernet(knock6(), { tags: [C_TAG] })),
  six('Ethernet with two old tags, IPv6', 'ETHERNET', ethernet(knock6(), { tags: [OLD_S_TAG, C_TAG] })),
  six('Ethernet, IPv6 with extensions', 'ETHERNET', ethernet(knock6({ extensions: EXTENSIONS }))),
  four('cooked, IPv4', 'LINKTYPE_LINUX_SLL', cooked(knock4())),
  six('cooked with a tag, IPv6', 'LINKTYPE_LINUX_SLL', cooked(knock6(), { tags: [C_TAG] })),
  four('cooked of version 2, IPv4', 'LINKTYPE_LINUX_SLL2', cooked2(knock4())),
  six('cooked of version 2, IPv6', 'LINKTYPE_LINUX_SLL2', cooked2(knock6())),
  four('loopback, IPv4', 'NULL', loopback(knock4(), 2)),
  six('loopback in the other byte order, IPv6', 'NULL', loopback(knock6(), 30, 'big')),
  four('raw, IPv4', 'RAW', knock4()),
  six('raw, IPv6 with extensions and padding', 'RAW', paddedKnock6(), PADDING.length),
];

function four(name: string, linkType: LinkType, frame: Buffer, padding = 0): Sample {
  return { name, linkType, frame, padding, text: KNOCK4_TEXT };
}

function six(name: string, linkType: LinkType, frame: Buffer, padding = 0): Sample {
  return { name, linkType, frame, padding, text: KNOCK6_TEXT };
}

function paddedKnock6(): Buffer {
  return Buffer.concat([knock6({ extensions: EXTENSIONS }), PADDING]);
}
