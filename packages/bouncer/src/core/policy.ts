import type { ActionCode, ClientKeys, GateSubkey, Message, ServerId } from '@bouncer-spa/protocol';
import { sameAddress } from './address.js';
import type { Door } from './door.js';
import { coverEverything, networkContains, type Network } from './network.js';
import type { RejectReason } from './verdict.js';

/** Whose address a client may have acted for. */
export const BINDS = [
  // The datagram's source; a packet that names another address is refused.
  'source',
  // The packet names an address and it equals the source: a relayed packet is worthless.
  'strict',
  // Whatever address the packet names.
  'any',
] as const;

export type Bind = (typeof BINDS)[number];

export interface Client {
  readonly name: string;
  readonly keys: ClientKeys;
  /** Names of the actions that it may use. */
  readonly actions: ReadonlySet<string>;
  /** Networks that its datagrams may come from. */
  readonly from: readonly Network[];
  /** Unix time in milliseconds from which on nothing is accepted. */
  readonly notAfter: number | undefined;
  readonly bind: Bind;
  /** Most seconds that a packet of the client may ask for; `undefined` leaves it to the action. */
  readonly maxDuration: number | undefined;
  /** Most grants that it may have at once. */
  readonly mostGrants: number;
}

/** Whether a text, all of it, is an argument that an action takes. */
export interface ArgumentPattern {
  test(text: string): boolean;
}

/** What an action does. Command lines are program and arguments, with placeholders (see template.ts). */
export type Deed =
  | {
      readonly kind: 'run';
      readonly run: readonly string[];
      /** Milliseconds until the processes are ended. */
      readonly timeout: number;
    }
  /** Runs `stop` when the grant ends. */
  | {
      readonly kind: 'lease';
      readonly run: readonly string[];
      readonly stop: readonly string[];
      /** Milliseconds until the processes of either are ended. */
      readonly timeout: number;
    }
  | { readonly kind: 'open'; readonly door: Door };

export interface Action {
  readonly name: string;
  readonly code: ActionCode;
  readonly deed: Deed;
  /** What the whole argument has to match; without it the action takes no argument. */
  readonly argument: ArgumentPattern | undefined;
  /** Seconds that the action is for when the packet asks for nothing; 0 if it has no duration. */
  readonly duration: number;
  /** Most seconds that a packet may ask for; 0 if the action has no duration. */
  readonly maxDuration: number;
}

/** K_locator of a policy's clients, derived elsewhere. */
export interface KeysAhead {
  /**
   * Takes what is there by now.
   * @param target has 64 bytes for each client, in their order
   * @param from the first client that is wanted
   * @returns the client after the last whose key is there now; `from` if there is none
   */
  take(target: Uint8Array, from: number): number;
  /** Nothing more will be taken. */
  release(): void;
}

/** Everything that decides about packets, read from one config. Never changed, only replaced. */
export interface Policy {
  readonly serverId: ServerId;
  readonly gate: GateSubkey;
  /** Minutes accepted either way, 0 to 10. */
  readonly delta: number;
  readonly clients: readonly Client[];
  readonly actions: readonly Action[];
  readonly keysAhead?: KeysAhead;
}

/** What the policy grants to an authentic message. */
export interface Permission {
  /** Address to act for, 16 bytes. */
  readonly address: Uint8Array;
  /** Seconds. */
  readonly duration: number;
}

/**
 * Decides what an authentic message may do.
 * @param source the datagram's source address, 16 bytes; `undefined` if a carrier brought the packet
 * @param now Unix time in milliseconds
 */
export function authorize(
  client: Client,
  action: Action,
  message: Message,
  source: Uint8Array | undefined,
  now: number,
): Permission | RejectReason {
  if (!client.actions.has(action.name)) return 'action';
  if (!maySendFrom(client, source)) return 'network';
  if (client.notAfter !== undefined && now >= client.notAfter) return 'expired';
  const address = boundAddress(client.bind, message.address, source);
  if (address === undefined) return 'address';
  if (!argumentFits(action.argument, message.argument)) return 'pattern';
  return { address, duration: durationFor(client, action, message.duration, now) };
}

/** What is granted ends with the time of the client at the latest, by the clock of now and to the second. */
function durationFor(client: Client, action: Action, asked: number, now: number): number {
  const left = client.notAfter === undefined ? Infinity : Math.ceil((client.notAfter - now) / 1_000);
  return Math.min(asked || action.duration, action.maxDuration, client.maxDuration ?? Infinity, left);
}

/** Where a carrier got a packet nobody knows, so only who may send from everywhere may use one. */
function maySendFrom({ from }: Client, source: Uint8Array | undefined): boolean {
  if (source === undefined) return coverEverything(from);
  return from.some((network) => networkContains(network, source));
}

function boundAddress(
  bind: Bind,
  named: Uint8Array | undefined,
  source: Uint8Array | undefined,
): Uint8Array | undefined {
  if (source === undefined) return bind === 'any' ? named : undefined;
  if (named === undefined) return bind === 'strict' ? undefined : source;
  return bind === 'any' || sameAddress(named, source) ? named : undefined;
}

function argumentFits(pattern: ArgumentPattern | undefined, argument: string): boolean {
  return pattern === undefined ? argument === '' : pattern.test(argument);
}
