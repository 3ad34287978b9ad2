import { IPV4_MAPPED_BITS, isIpv4Mapped, parseAddress } from './address.js';

/** A range of addresses in CIDR notation. IPv4 ranges are kept as IPv4-mapped. */
export interface Network {
  /** 16 bytes. */
  readonly address: Uint8Array;
  /** Number of leading bits that count, 0 to 128. */
  readonly bits: number;
  readonly ipv4: boolean;
}

/**
 * Reads `ADDRESS/BITS`, or an address alone for just that one.
 * @returns the network, or a sentence that says what is wrong with the text
 */
export function parseNetwork(text: string): Network | string {
  const [addressText = '', bitsText, ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0)
    return `"${text}" is not a network such as 192.0.2.0/24 or 2001:db8::/32`;
  const ipv4 = !addressText.includes(':');
  if (!ipv4 && isIpv4Mapped(address))
    return `"${text}" is IPv4 in the form of IPv6: write it like 192.0.2.0/24`;
  const most = ipv4 ? 32 : 128;
  if (bitsText !== undefined && !/^\d{1,3}$/.test(bitsText))
    return `"${text}" has no number of bits after the slash`;
  const bits = bitsText === undefined ? most : Number(bitsText);
  if (bits > most) return `"${text}" has more than ${most} bits`;
  const network = { address, bits: ipv4 ? bits + IPV4_MAPPED_BITS : bits, ipv4 };
  return hasHostBits(network) ? `"${text}" has bits set behind the first ${bits}` : network;
}

/** Whether a 16-byte address lies in the network. An IPv6 network never holds an IPv4 address. */
export function networkContains(network: Network, address: Uint8Array): boolean {
  if (network.ipv4 !== isIpv4Mapped(address)) return false;
  return network.address.every(
    (byte, index) => ((byte ^ (address[index] ?? 0)) & maskByte(network.bits, index)) === 0,
  );
}

/** Whether the networks, two of them, hold every address of IPv4 and of IPv6. */
export function coverEverything(networks: readonly Network[]): boolean {
  const isWhole = (ipv4: boolean) => (network: Network) =>
    network.ipv4 === ipv4 && network.bits === (ipv4 ? IPV4_MAPPED_BITS : 0);
  return networks.some(isWhole(true)) && networks.some(isWhole(false));
}

function hasHostBits(network: Network): boolean {
  return network.address.some((byte, index) => (byte & ~maskByte(network.bits, index) & 0xff) !== 0);
}

/** Byte `index` of the mask with `bits` leading ones. */
function maskByte(bits: number, index: number): number {
  const ones = Math.min(8, Math.max(0, bits - index * 8));
  return (0xff << (8 - ones)) & 0xff;
}
