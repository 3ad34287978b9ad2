export type Transport = 'tcp' | 'udp';

/** Ports of one transport that lie side by side. */
export interface PortRange {
  readonly transport: Transport;
  /** 1 to 65535. */
  readonly first: number;
  /** Not below `first`. */
  readonly last: number;
}

const MAX_PORT = 0xffff;

/**
 * Reads "tcp/22" or "udp/60000-61000".
 * @returns the range, or a sentence that says what is wrong with the text
 */
export function parsePortRange(text: string): PortRange | string {
  const [, transport, low = '', high = low] = /^([a-z]+)\/(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (transport !== 'tcp' && transport !== 'udp')
    return `"${text}" is no port such as "tcp/22" or "udp/60000-61000"`;
  const first = Number(low);
  const last = Number(high);
  if (first < 1 || first > MAX_PORT || last < 1 || last > MAX_PORT)
    return `"${text}" has a port that is not from 1 to ${MAX_PORT}`;
  return first > last ? `"${text}" ends before it begins` : { transport, first, last };
}

/** The text form: "tcp/22" for one port, "udp/60000-61000" for several. */
export function formatPortRange({ transport, first, last }: PortRange): string {
  return first === last ? `${transport}/${first}` : `${transport}/${first}-${last}`;
}

/** Whether every port of `inner` is one of `outer`. */
export function coversPorts(outer: PortRange, inner: PortRange): boolean {
  return outer.transport === inner.transport && outer.first <= inner.first && outer.last >= inner.last;
}
