import { authenticate, minuteOf, parsePacket, type Packet } from '@bouncer-spa/protocol';
import type { Datagram } from './datagram.js';
import type { LocatorEntry } from './locator-pairs.js';
import { MinuteSearch } from './minute-search.js';
import { WindowTables, type MinuteTable } from './minute-table.js';
import type { Moment } from './moment.js';
import type { Policy } from './policy.js';
import { ReplayCache, type ReplayContent } from './replay-cache.js';
import type { Claim, Verdict } from './verdict.js';
import { verify, windowWidth, type Verifier } from './verify.js';

/** What a datagram at the port is. */
export type Diagnosis =
  /** What the daemon decides. */
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  /** Sealed by a client of this server, but in a minute outside of the window. */
  | { readonly kind: 'clock'; readonly claim: Claim; readonly offset: number }
  /** It has the gate of a minute outside of the window, and nobody known has sealed it. */
  | { readonly kind: 'minute'; readonly offset: number }
  /** Sealed by a client of this server within the window, with another gate key. */
  | { readonly kind: 'gate-key'; readonly claim: Claim };

/** Minutes either way in which a packet with an unknown gate is looked for: a day. */
const FARTHEST = 1_440;

/** Gates that are computed at most, some ten seconds' worth: a capture can jump by a day from frame to frame. */
const MOST_GATES = 1_000_000;

/**
 * Says of datagrams what is wrong with them, with more patience than the daemon has: nothing that it
 * finds is ever acted on. Remembers what it has seen, so that it knows a replay.
 */
export class Examiner {
  readonly #verifier: Verifier;
  readonly #search: MinuteSearch;
  readonly #mostGates: number;
  #unsearched = 0;

  /**
   * @param seen what was accepted before
   * @param mostGates gates computed for the search in other minutes, in all
   */
  constructor(policy: Policy, seen: ReplayContent, mostGates = MOST_GATES) {
    this.#mostGates = mostGates;
    this.#verifier = { policy, window: new WindowTables(policy), replay: new ReplayCache(seen) };
    this.#search = new MinuteSearch(policy, FARTHEST, FARTHEST);
  }

  /** Datagrams with an unknown gate that were looked for in no other minute, since there were too many jumps in time. */
  get unsearched(): number {
    return this.#unsearched;
  }

  examine(datagram: Datagram, now: Moment): Diagnosis {
    const verdict = verify(this.#verifier, datagram, now);
    this.#remember(verdict, datagram, now);
    const packet = parsePacket(datagram.payload);
    if (verdict.accepted || verdict.reason !== 'gate' || packet === 'length')
      return { kind: 'verdict', verdict };
    return this.#searchAll(packet, now) ?? { kind: 'verdict', verdict };
  }

  #remember(verdict: Verdict, { source }: Datagram, { monotonic }: Moment): void {
    const { replay } = this.#verifier;
    if (verdict.accepted) {
      replay.remember(verdict.claim.minute, verdict.tag, windowWidth(this.#verifier), source, monotonic);
    } else if (verdict.tag !== undefined) replay.spend(verdict.tag, source, monotonic);
  }

  #searchAll(packet: Packet, { unix }: Moment): Diagnosis | undefined {
    if (this.#search.computed >= this.#mostGates) {
      this.#unsearched++;
      return undefined;
    }
    const now = minuteOf(unix);
    const far = this.#search.withGate(packet.gate, now);
    const late = this.#sealedIn(far, packet);
    if (late !== undefined) return { kind: 'clock', claim: late, offset: late.minute - now };
    const [first] = far;
    if (first !== undefined) return { kind: 'minute', offset: first.minute - now };
    const claim = this.#sealedIn(this.#verifier.window.around(now), packet);
    return claim && { kind: 'gate-key', claim };
  }

  /** Who has proved to have sealed the packet, in one of these minutes. */
  #sealedIn(tables: readonly MinuteTable[], packet: Packet): Claim | undefined {
    const { serverId } = this.#verifier.policy;
    for (const table of tables) {
      const entry = table.locators.find(packet.head);
      if (entry !== undefined && authenticate(packet, serverId, entry.client.keys))
        return claimOf(entry, table);
    }
    return undefined;
  }
}

function claimOf({ client, action }: LocatorEntry, { minute }: MinuteTable): Claim {
  return { client: client.name, action: action.name, code: action.code, minute };
}
