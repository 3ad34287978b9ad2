import type { Message, ServerId } from '@bouncer-spa/protocol';
import { findAction, hintAt, type Action } from './action.js';
import type { ActingAddress, OWN_SOURCE } from './address.js';
import type { Profile } from './profile.js';
import { Refusal } from './refusal.js';

/** The family of addresses to send to: IPv4, IPv6, or 0 for whichever the name gives first. */
export type Family = 0 | 4 | 6;

/** Which address the packet names; `undefined` is none, which leaves it to the datagram's source. */
export type NamedAddress = ActingAddress | typeof OWN_SOURCE | undefined;

/** What the command line asks for; what it leaves out comes from the profile. */
export interface RequestOptions {
  readonly host: string | undefined;
  /** 1 to 65535. */
  readonly port: number | undefined;
  readonly family: Family;
  /** A code or a name. */
  readonly action: string | undefined;
  /** Seconds, 1 to 2^32 - 1; `undefined` means what the profile says. */
  readonly duration: number | undefined;
  /** `undefined` means what the profile says. */
  readonly address: NamedAddress;
  /** At most 64 bytes of UTF-8 without NUL; empty if there is none. */
  readonly argument: string;
}

/** Everything about one packet but its time and its secrets. */
export interface Request {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  readonly family: Family;
  readonly serverId: ServerId;
  readonly action: Action;
  /** Seconds, 0 to 2^32 - 1; 0 means the action's own. */
  readonly duration: number;
  readonly address: NamedAddress;
  readonly argument: string;
}

/**
 * Joins what the command line asks for with what the profile knows.
 * @throws {Refusal} if neither names a port or an action, or the action is unknown
 */
export function planRequest(options: RequestOptions, profile: Profile): Request {
  const port = options.port ?? profile.port;
  if (port === undefined) {
    throw new Refusal('usage', {
      sentence: 'no port is given',
      hint: `add -p PORT, or write port = PORT in ${profile.file}`,
    });
  }
  const actionText = options.action ?? profile.defaultAction;
  if (actionText === undefined) {
    throw new Refusal('usage', { sentence: 'no action is given', hint: hintAt(profile.actions) });
  }
  const action = findAction(actionText, profile.actions);
  return {
    host: options.host ?? profile.host,
    port,
    family: options.family,
    serverId: profile.serverId,
    action,
    duration: options.duration ?? action.duration ?? profile.duration ?? 0,
    address: options.address ?? profile.address,
    argument: options.argument,
  };
}

/**
 * The message that carries a request.
 * @param time Unix time in milliseconds
 * @param address the one that the request names
 */
export function messageOf(request: Request, time: number, address: ActingAddress | undefined): Message {
  return {
    actionCode: request.action.code,
    duration: request.duration,
    time,
    address: address?.bytes,
    argument: request.argument,
  };
}
