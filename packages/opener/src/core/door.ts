import { LARGEST_PORT } from './port.js';

/** Ports of the server, as the server's own config writes them: `tcp/22`, `udp/60000-61000`. */
export interface Door {
  readonly protocol: 'tcp' | 'udp';
  /** 1 to 65535. */
  readonly first: number;
  /** At least `first`, which it is for a single port. */
  readonly last: number;
}

/** What a door looks like, for messages about one that does not. */
export const DOOR_FORM = 'a protocol and a port such as tcp/22 or udp/60000-61000';

/** Reads a door; nothing if the text is anything else. */
export function parseDoor(text: string): Door | undefined {
  const [, protocol, from, to] = /^(tcp|udp)\/(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const first = Number(from);
  const last = Number(to ?? from);
  if ((protocol !== 'tcp' && protocol !== 'udp') || first < 1 || last < first || last > LARGEST_PORT) {
    return undefined;
  }
  return { protocol, first, last };
}

/** A door as it is written. */
export function showDoor({ protocol, first, last }: Door): string {
  return `${protocol}/${first}${last === first ? '' : `-${last}`}`;
}
