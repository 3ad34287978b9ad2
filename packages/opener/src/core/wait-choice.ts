import { OWN_SOURCE } from './address.js';
import { DOOR_FORM, parseDoor, showDoor, type Door } from './door.js';
import { quoted } from './quote.js';
import { Refusal } from './refusal.js';
import type { Request } from './request.js';

/** A TCP port, the only kind of door that answers when it is open. */
export interface TcpDoor {
  readonly protocol: 'tcp';
  /** 1 to 65535. */
  readonly port: number;
}

/** What the command line says about waiting; `undefined` leaves it to the profile. */
export type WaitOption = TcpDoor | 'never' | undefined;

/**
 * Reads what to wait for.
 * @throws {Refusal} if the text is anything but one TCP port
 */
export function parseTcpDoor(text: string): TcpDoor {
  const door = parseDoor(text);
  if (door === undefined) {
    throw new Refusal('usage', { sentence: `--wait expected ${DOOR_FORM}, got ${quoted(text)}` });
  }
  if (door.protocol === 'udp') {
    throw new Refusal('usage', {
      sentence: `${showDoor(door)} cannot be waited for: a UDP port gives no sign of being open`,
    });
  }
  if (door.first !== door.last) {
    throw new Refusal('usage', { sentence: `--wait expected one port, got ${quoted(text)}` });
  }
  return { protocol: 'tcp', port: door.first };
}

/**
 * What to wait for. By itself only what opens for this machine: neither a packet for another address nor
 * one with a made-up source opens anything here.
 */
export function chooseWait(
  option: WaitOption,
  profileWaits: boolean,
  { action, address }: Request,
  ownSource: boolean,
): TcpDoor | undefined {
  if (option === 'never') return undefined;
  if (option !== undefined) return option;
  const isOurs = address === undefined || address === OWN_SOURCE;
  if (!profileWaits || !isOurs || !ownSource) return undefined;
  const door = action.opens.find(({ protocol }) => protocol === 'tcp');
  return door === undefined ? undefined : { protocol: 'tcp', port: door.first };
}

/** What an action opens that nobody can wait for, if that is all that it opens. */
export function silentDoor(opens: readonly Door[]): Door | undefined {
  return opens.some(({ protocol }) => protocol === 'tcp') ? undefined : opens[0];
}
