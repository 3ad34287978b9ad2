import { authenticate, minuteOf, openAuthenticated, parsePacket, type Packet } from '@bouncer-spa/protocol';
import type { Datagram } from './datagram.js';
import type { LocatorEntry } from './locator-pairs.js';
import type { MinuteTable, WindowTables } from './minute-table.js';
import { authorize, type Policy } from './policy.js';
import type { ReplayCache } from './replay-cache.js';
import type { Claim, Reject, RejectReason, Verdict } from './verdict.js';

/** One moment on both clocks. */
export interface Moment {
  /** Unix time in milliseconds. */
  readonly unix: number;
  /** Milliseconds of a clock that never steps. */
  readonly monotonic: number;
}

/** What a datagram is judged by. */
export interface Verifier {
  readonly policy: Policy;
  readonly window: WindowTables;
  readonly replay: ReplayCache;
}

/**
 * Judges a datagram: PROTOCOL.md section 7, then the policy. Changes nothing: the tag of a verdict is
 * the caller's to put into the replay cache, before anything else.
 */
export function verify(verifier: Verifier, datagram: Datagram, now: Moment): Verdict {
  const { policy, window, replay } = verifier;
  const packet = parsePacket(datagram.payload);
  if (packet === 'length') return reject('length');

  const candidate = findCandidate(window.around(minuteOf(now.unix)), packet);
  if (typeof candidate === 'string') return reject(candidate);

  const { client, action } = candidate.entry;
  const { minute } = candidate.table;
  const claim: Claim = { client: client.name, action: action.name, code: action.code, minute };
  if (!authenticate(packet, policy.serverId, client.keys)) return reject('tag', claim);

  const seen = replay.look(minute, packet.tag, datagram.source, now.monotonic);
  if (seen !== 'new') return reject(seen, claim);

  const message = openAuthenticated(packet, { keys: client.keys, minute, actionCode: action.code });
  if (typeof message === 'string') return reject(message, claim);

  const permission = authorize(client, action, message, datagram.source, now.unix);
  if (typeof permission === 'string') return { ...reject(permission, claim), tag: packet.tag };

  return { accepted: true, claim, tag: packet.tag, argument: message.argument, ...permission };
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
