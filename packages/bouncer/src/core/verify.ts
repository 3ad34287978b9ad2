import {
  authenticate,
  minuteOf,
  openAuthenticated,
  parsePacket,
  type Minute,
  type Packet,
} from '@bouncer-spa/protocol';
import type { Arrival } from './datagram.js';
import type { LocatorEntry } from './locator-pairs.js';
import type { MinuteSearch } from './minute-search.js';
import type { MinuteTable, WindowTables } from './minute-table.js';
import type { Moment } from './moment.js';
import { authorize, type Policy } from './policy.js';
import type { ReplayCache } from './replay-cache.js';
import type { Claim, Reject, RejectReason, Verdict } from './verdict.js';

/** What arrivals are judged by. */
export interface Verifier {
  readonly policy: Policy;
  readonly window: WindowTables;
  /** For what carriers bring; `undefined` if they are not trusted to. */
  readonly carriers?: MinuteSearch | undefined;
  readonly replay: ReplayCache;
}

/** Minutes from the earliest that may be accepted, by whatever way, to the latest (PROTOCOL.md section 8). */
export function windowWidth({ policy, carriers }: Verifier): number {
  return policy.delta + (carriers?.back ?? policy.delta);
}

/**
 * Judges a datagram or what a carrier brought: PROTOCOL.md section 7, then the policy. Changes nothing:
 * the tag of a verdict is the caller's to put into the replay cache, before anything else.
 */
export function verify(verifier: Verifier, arrival: Arrival, now: Moment): Verdict {
  const { policy, replay } = verifier;
  const packet = parsePacket(arrival.payload);
  if (packet === 'length') return reject('length');

  const candidate = findCandidate(tablesFor(verifier, arrival, packet, minuteOf(now.unix)), packet);
  if (typeof candidate === 'string') return reject(candidate);

  const { client, action } = candidate.entry;
  const { minute } = candidate.table;
  const claim: Claim = { client: client.name, action: action.name, code: action.code, minute };
  if (!authenticate(packet, policy.serverId, client.keys)) return reject('tag', claim);

  const seen = replay.look(minute, packet.tag, arrival.source, now.monotonic);
  if (seen !== 'new') return reject(seen, claim);

  const message = openAuthenticated(packet, { keys: client.keys, minute, actionCode: action.code });
  if (typeof message === 'string') return reject(message, claim);

  const permission = authorize(client, action, message, arrival.source, now.unix);
  if (typeof permission === 'string') return { ...reject(permission, claim), tag: packet.tag };

  const { deed } = action;
  const { mostGrants } = client;
  return {
    accepted: true,
    claim,
    tag: packet.tag,
    argument: message.argument,
    deed,
    mostGrants,
    ...permission,
  };
}

/** The minutes that the packet can be of. */
function tablesFor(
  { window, carriers }: Verifier,
  { source }: Arrival,
  { gate }: Packet,
  now: Minute,
): readonly MinuteTable[] {
  return source === undefined ? (carriers?.withGate(gate, now) ?? []) : window.around(now);
}

/** Who could have sealed the packet, and in which minute; or what is wrong with its head. */
function findCandidate(
  tables: readonly MinuteTable[],
  packet: Packet,
): { table: MinuteTable; entry: LocatorEntry } | 'gate' | 'locator' {
  let fault: 'gate' | 'locator' = 'gate';
  for (const table of tables) {
    if (table.gate !== packet.gate) continue;
    fault = 'locator';
    const entry = table.locators.find(packet.head);
    if (entry !== undefined) return { table, entry };
  }
  return fault;
}

function reject(reason: RejectReason, claim?: Claim): Reject {
  return claim === undefined ? { accepted: false, reason } : { accepted: false, reason, claim };
}
