import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { MAX_DELTA, type Minute } from '@bouncer-spa/protocol';
import type { ClusterStatus, OnFailure } from '../core/cluster-status.js';
import { ClusterTrust } from '../core/cluster-trust.js';
import type { Grant } from '../core/grants.js';
import type { Policy } from '../core/policy.js';
import type { ReplayCache } from '../core/replay-cache.js';
import { SecondLimit } from '../core/second-limit.js';
import { momentNow, monotonicNow } from './clock.js';
import { ClusterGrants, type Keeping } from './cluster-grants.js';
import { ClusterIdentity } from './cluster-identity.js';
import { ClusterNews } from './cluster-news.js';
import { ClusterState } from './cluster-state.js';
import type { Claim, ClusterStore, StoreView } from './cluster-store.js';
import type { Log } from './log.js';
import { MergedWrite } from './merged-write.js';
import { reasonOf } from './reason.js';
import { inTime, type StorePlace } from './store-connection.js';
import { BEAT, StoreKeeper } from './store-keeper.js';

/** Milliseconds that a packet waits for the store at most. */
const PATIENCE = 250;

const MINUTE = 60_000;

/**
 * Refused packets that are told in a second: with more, somebody who has a seed, if of a client that may do
 * nothing any more, would fill the store and keep the others waiting.
 */
const MOST_SPENT = 100;

/** Looks from each to the next at which what is over is forgotten, since that goes through all that is known. */
const TIDY_BEATS = 4;

/** Milliseconds by which our clock and the store's may differ. */
const CLOCK_TOLERANCE = 2 * MINUTE;

/** How a cluster is taken part in. */
export interface ClusterConfig {
  readonly store: StorePlace;
  readonly onFailure: OnFailure;
}

export interface ClusterParts {
  readonly config: ClusterConfig;
  readonly stateFolder: string;
  readonly policy: Policy;
  /** Minutes from the earliest that may be accepted to the latest. */
  readonly width: number;
  readonly replay: ReplayCache;
  readonly keeping: Keeping;
  readonly log: Log;
}

/** What the cluster says to a packet that is new here. */
export type Answer =
  | 'new'
  /** Another gateway has accepted it. */
  | 'replay'
  /** Nobody can tell, and then it is refused. */
  | 'cluster';

/** What is relied on: this store, as it is since that epoch. */
interface Trusted {
  readonly store: ClusterStore;
  readonly incarnation: string;
  readonly epoch: string;
}

/**
 * This gateway among those that share its server id: what one has accepted, none accepts again, and a grant
 * holds at all of them.
 */
export class Cluster {
  readonly #config: ClusterConfig;
  readonly #parts: ClusterParts;
  readonly #identity: ClusterIdentity;
  readonly #trust: ClusterTrust;
  readonly #grants: ClusterGrants;
  readonly #news: ClusterNews;
  readonly #state: ClusterState;
  readonly #keeper: StoreKeeper;
  #width: number;
  #trusted: Trusted | undefined;
  /** The epoch for which the store was told all that we know. */
  #shared: string | undefined;
  /** Whether something happened that the store may not have been told. */
  #owing = false;
  #beats = 0;
  /** Changes of grants that the store had at the latest look. */
  #changes = 0;
  #roundTrip: number | undefined;
  readonly #spending = new SecondLimit(MOST_SPENT);
  /** Has what the others told, and what they were not told, outlive us. */
  readonly #note = new MergedWrite(() => this.#remember());

  private constructor(parts: ClusterParts, identity: ClusterIdentity, known: ReadonlyMap<string, string>) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#identity = identity;
    this.#width = parts.width;
    this.#trust = new ClusterTrust(known, monotonicNow());
    this.#grants = new ClusterGrants(parts.keeping, parts.policy, parts.log);
    this.#news = new ClusterNews(this.#grants, parts.log);
    const token = `${identity.id}-${randomBytes(8).toString('hex')}`;
    this.#state = new ClusterState(parts.config.onFailure, parts.log);
    this.#keeper = new StoreKeeper(parts.config.store, parts.policy.serverId, token, {
      look: (store) => this.#look(store),
      told: (line) => {
        this.#news.told(line);
      },
      lost: (reason) => {
        this.#lost(reason);
      },
    });
  }

  /**
   * Joins the others, or goes on trying to after a second.
   * @throws the system's error if what has to be remembered cannot be written
   */
  static async join(parts: ClusterParts): Promise<Cluster> {
    const { identity, memory } = await ClusterIdentity.open(parts.stateFolder);
    const cluster = new Cluster(parts, identity, memory.known);
    await cluster.#grants.hear(memory.untold);
    cluster.#owing = memory.untold.length > 0;
    cluster.#keeper.start();
    // Who starts or changes over to it need not refuse packets for as long as the first look takes.
    await inTime(cluster.#state.told).catch(() => undefined);
    return cluster;
  }

  get status(): ClusterStatus {
    const now = monotonicNow();
    return {
      ...this.#state.status,
      round_trip_ms: this.#roundTrip ?? null,
      behind: Math.max(0, this.#changes - this.#news.heard),
      members: this.#trust.members.map(({ member: { id, name, changes }, at }) => ({
        id,
        name,
        silent_seconds: Math.round((now - at) / 1_000),
        behind: Math.max(0, this.#changes - changes),
      })),
    };
  }

  /** Asks whether a packet that is new here is new to all. Takes no longer than a packet may wait. */
  async admit(at: Minute, tag: Uint8Array): Promise<Answer> {
    const owner = await this.#ownerOf(at, tag);
    if (owner === 'other') return 'replay';
    if (owner === 'us') return 'new';
    if (this.#config.onFailure === 'closed') return 'cluster';
    this.#owing = true;
    return 'new';
  }

  /** Has the others refuse a packet that was refused here, within limits. Never throws. */
  spend(at: Minute, tag: Uint8Array): void {
    if (this.#spending.admits(monotonicNow())) void this.#ownerOf(at, tag);
  }

  /** Tells the others of a grant that began or was extended here. */
  opened(grant: Grant): void {
    this.#pass(grant, false);
  }

  /** Tells the others of a grant that was revoked here. */
  revoked(grant: Grant): void {
    this.#pass(grant, true);
  }

  /** Goes over to another policy. */
  follow(policy: Policy, width: number): void {
    this.#width = width;
    this.#grants.follow(policy);
    // Grants that opened nothing before may do so now.
    this.#owing = true;
  }

  /** Takes leave of the store; what it knows stays there. */
  async leave(): Promise<void> {
    await this.#keeper.stop();
    await this.#note.idle();
  }

  async #ownerOf(at: Minute, tag: Uint8Array): Promise<'us' | 'other' | 'unknown'> {
    const trusted = this.#trusted;
    const store = trusted?.store ?? (this.#config.onFailure === 'local' ? this.#keeper.store : undefined);
    if (store === undefined) return 'unknown';
    try {
      const claim = store.claim(this.#claimOf(at, tag), trusted?.incarnation ?? '');
      const { owner, epoch } = await inTime(claim, PATIENCE);
      if (owner === 'other') return 'other';
      return epoch !== null && epoch === trusted?.epoch && epoch === this.#trusted?.epoch ? 'us' : 'unknown';
    } catch {
      return 'unknown'; // if that goes on, the next look says why
    }
  }

  #claimOf(at: Minute, tag: Uint8Array): Claim {
    // Others may have another delta, and another idea of the time.
    const end = (at + this.#width + MAX_DELTA + 1) * MINUTE;
    return { minute: at, tag, lifetime: end - Date.now() };
  }

  #pass(grant: Grant, isRevoked: boolean): void {
    const change = this.#grants.change(grant, isRevoked);
    if (change === undefined) return;
    const owe = (): void => {
      this.#owing = true;
      // Else it would be open again here, too, if we were started anew before the store is back.
      if (isRevoked)
        this.#note.again().catch((err: unknown) => {
          this.#parts.log.error(
            { err },
            `a revocation that the others were not told is not on disk: ${reasonOf(err)}`,
          );
        });
    };
    const { store } = this.#keeper;
    if (store === undefined) owe();
    else store.tell([change]).catch(owe);
  }

  /** Whether the store was told all that we know. */
  get #isTold(): boolean {
    return this.#shared !== undefined && !this.#owing;
  }

  async #remember(): Promise<void> {
    const known = new Map(this.#trust.members.map(({ member }) => [member.id, member.name]));
    await this.#identity.remember({ known, untold: this.#isTold ? [] : this.#grants.revoked });
  }

  /** Forgets what holds for a connection only. */
  #lost(reason: string): void {
    this.#shared = undefined;
    this.#becomes('away', reason);
  }

  async #look(store: ClusterStore): Promise<void> {
    const began = monotonicNow();
    const view = await store.look();
    const now = momentNow();
    this.#roundTrip = now.monotonic - began;
    const refusal = view.refusal ?? clockRefusal(view.clock, now.unix);
    if (refusal !== undefined) {
      // A clock that was wrong has ended the time of records before it was over.
      this.#shared = undefined;
      this.#trust.distrust(now.monotonic + BEAT);
      this.#becomes('waiting', refusal);
      return;
    }
    const epoch = await store.epoch(view.incarnation, view.clock);
    this.#trust.enter(epoch, view.clock - Number.parseInt(epoch), now.monotonic);
    // Of those that are new since the last look, some are on their way.
    const isBehind = this.#news.heard < this.#changes;
    this.#changes = view.changes;
    if (epoch !== this.#shared || this.#owing) await this.#share(store, epoch);
    else if (isBehind) await this.#catchUp(store);
    if (this.#beats % TIDY_BEATS === 0) this.#grants.forget();
    await this.#meet(store, view, epoch);
    const reason = this.#trust.doubt(monotonicNow());
    if (reason === undefined) this.#trusted = { store, incarnation: view.incarnation, epoch };
    this.#becomes(reason === undefined ? 'trusted' : 'waiting', reason);
  }

  /** Puts all that we know into the store, after what it knows was heard: of two that differ, a revocation counts. */
  async #share(store: ClusterStore, epoch: string): Promise<void> {
    this.#owing = false;
    this.#shared = undefined;
    const claims = Array.from(this.#parts.replay.tags(), ({ minute, tag }) => this.#claimOf(minute, tag));
    await store.remember(claims.filter(({ lifetime }) => lifetime > 0));
    const known = new Set(await this.#catchUp(store));
    await store.tell(this.#grants.all().filter(({ line }) => !known.has(line)));
    this.#shared = epoch;
  }

  async #catchUp(store: ClusterStore): Promise<readonly string[]> {
    const { lines, changes } = await store.grants(Date.now());
    await this.#news.read(lines, changes);
    return lines;
  }

  /** Tells the others of us, and takes note of them. */
  async #meet(store: ClusterStore, { members }: StoreView, epoch: string): Promise<void> {
    const { id } = this.#identity;
    const span = (this.#width + 1) * MINUTE + 2 * CLOCK_TOLERANCE;
    const others = members.filter((member) => member.id !== id);
    const gone = this.#trust.see(others, monotonicNow(), span);
    await this.#note.again();
    const told = { id, name: hostname(), epoch, beat: ++this.#beats, changes: this.#news.heard };
    await store.report(told, gone, Date.now());
  }

  #becomes(state: ClusterStatus['state'], reason?: string): void {
    if (state !== 'trusted') this.#trusted = undefined;
    this.#state.becomes(state, reason, this.#trust.members.length);
  }
}

function clockRefusal(theirs: number, ours: number): string | undefined {
  const seconds = Math.round((theirs - ours) / 1_000);
  if (Math.abs(theirs - ours) <= CLOCK_TOLERANCE) return undefined;
  return `its clock is ${Math.abs(seconds)} seconds ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
}
