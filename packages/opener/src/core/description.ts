import { minuteOf } from '@bouncer-spa/protocol';
import type { ActingAddress } from './address.js';
import { quoted } from './quote.js';
import type { Request } from './request.js';

/** What is known of a packet once it is sealed. */
export interface SealedFacts {
  /** Unix time in milliseconds. */
  readonly time: number;
  /** Size of the packet in bytes. */
  readonly size: number;
  /** Where it goes; `undefined` if it is printed and the name was not resolved. */
  readonly address: string | undefined;
  /** The one that it names. */
  readonly named: ActingAddress | undefined;
}

/** What is sent, for people, one fact a line. There is no secret in it, and no text of the argument. */
export function describe(request: Request, facts: SealedFacts): string[] {
  const { action, argument, duration } = request;
  const at = minuteOf(facts.time);
  return [
    `destination ${request.host}${shownAddress(request.host, facts.address)} port ${request.port}`,
    `server id ${request.serverId}`,
    `action ${action.name === undefined ? '' : `${quoted(action.name)} `}code ${action.code}`,
    `minute ${at} (${new Date(at * 60_000).toISOString().slice(0, 16)}Z)`,
    `size ${facts.size} bytes`,
    `acts for ${facts.named?.text ?? "the packet's source address"}`,
    `duration ${duration === 0 ? "the action's own" : `${duration} s`}`,
    `argument ${Buffer.byteLength(argument)} bytes`,
  ];
}

function shownAddress(host: string, address: string | undefined): string {
  return address === undefined || address === host ? '' : ` (${address})`;
}
