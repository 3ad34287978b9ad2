import { minute, MAX_PACKET_SIZE, MIN_PACKET_SIZE, type Minute } from '@bouncer-spa/protocol';
import { gateNumber } from './minute-table.js';
import type { Policy } from './policy.js';

/** A filter for the kernel and the minutes whose packets it lets through. */
export interface CaptureFilter {
  /** In the language of pcap-filter(7). */
  readonly expression: string;
  /** Of these minutes, as numbers. */
  readonly gates: readonly number[];
  readonly firstMinute: Minute;
  readonly lastMinute: Minute;
}

/** Minutes behind the window whose gates the filter lists too: an hour costs libpcap some 30 ms. */
const MINUTES_AHEAD = 60;

/** The filter is replaced when fewer minutes than this are left behind the window. */
const MINUTES_LEFT = 5;

const UDP_HEADER_SIZE = 8;
const SMALLEST = MIN_PACKET_SIZE + UDP_HEADER_SIZE;
const LARGEST = MAX_PACKET_SIZE + UDP_HEADER_SIZE;

/** Packets grow in steps of 16 bytes, so the low four bits of the UDP length are always these. */
const LENGTH_LOW_BITS = SMALLEST & 0xf;

/** The filter that lets a server's packets through from now on. */
export function captureFilter(policy: Policy, port: number, now: Minute): CaptureFilter {
  const firstMinute = minute(Math.max(0, now - policy.delta));
  const lastMinute = minute(now + policy.delta + MINUTES_AHEAD);
  const gates: number[] = [];
  for (let at = firstMinute; at <= lastMinute; at = minute(at + 1)) gates.push(gateNumber(policy, at));
  return { expression: filterExpression(port, gates), gates, firstMinute, lastMinute };
}

/** Whether the filter still lets the window through, with some minutes to spare. */
export function filterCovers(filter: CaptureFilter, now: Minute, delta: number): boolean {
  return filter.firstMinute <= Math.max(0, now - delta) && now + delta + MINUTES_LEFT <= filter.lastMinute;
}

/**
 * Datagrams to the port with the length of a packet and one of the gates, over IPv4, IPv6, and IPv6
 * with one extension header. `udp[...]` reads IPv4 only, hence the IPv6 offsets. What
 * this host sends is not kept out by the word `inbound`: libpcap judges the first packet after it
 * has set a filter by itself, where that word never matches, and the packet would be lost.
 */
export function filterExpression(port: number, gates: readonly number[]): string {
  const udpOverIpv4 = `ip and udp dst port ${port} and ${packetAt((at) => `udp[${at}]`, gates)}`;
  const udpOverIpv6 = `ip6 and udp dst port ${port} and ${packetAt((at) => `ip6[40 + ${at}]`, gates)}`;
  const udpBehindHeader = `${portBehindHeader(port)} and ${packetAt(behindHeader, gates)}`;
  return `(${udpOverIpv4}) or (${udpOverIpv6}) or (${udpBehindHeader})`;
}

/** Datagrams to the port, whatever they are. */
export function portExpression(port: number): string {
  return `(udp dst port ${port}) or (${portBehindHeader(port)})`;
}

function portBehindHeader(port: number): string {
  return `ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 60) and ip6[40] = 17 and ${behindHeader('2:2')} = ${port}`;
}

/** Hop-by-hop options, routing, destination options: 8 bytes and as many times 8 as byte 1 says. */
function behindHeader(at: string): string {
  return `ip6[(ip6[41] << 3) + 48 + ${at}]`;
}

/** @param field gives the expression for `OFFSET:SIZE` in the UDP header and what follows it */
function packetAt(field: (at: string) => string, gates: readonly number[]): string {
  const length = field('4:2');
  const gate = field(`${UDP_HEADER_SIZE}:4`);
  const anyGate = gates.map((value) => `${gate} = ${value}`).join(' or ');
  return `${length} >= ${SMALLEST} and ${length} <= ${LARGEST} and ${length} & 0xf = ${LENGTH_LOW_BITS} and (${anyGate})`;
}
