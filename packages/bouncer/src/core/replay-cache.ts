import { minute, type Minute } from '@bouncer-spa/protocol';
import { sameAddress } from './address.js';

/** What one acceptance changes in the cache, to be made durable before the action runs. */
export interface ReplayRecord {
  readonly minute: Minute;
  /** 32 bytes. */
  readonly tag: Uint8Array;
  /** The floor from now on; tags of earlier minutes are forgotten. */
  readonly floor: Minute;
}

/** What is known of a tag. */
export type ReplayState = 'new' | 'stale' | 'replay' | 'duplicate';

/** What the cache starts from: the content of the durable store. */
export interface ReplayContent {
  readonly floor: Minute;
  readonly tags: Iterable<{ readonly minute: Minute; readonly tag: Uint8Array }>;
}

/** Same bytes from the same source within this many milliseconds are the network's doing. */
const DUPLICATE_MILLISECONDS = 2_000;

/** Tags of packets that were refused by policy: so many, then the oldest is forgotten. */
const MOST_SPENT = 10_000;

interface Sighting {
  /** 16 bytes; `undefined` if a carrier brought it. */
  readonly source: Uint8Array | undefined;
  /** Milliseconds of a clock that never steps. */
  readonly at: number;
}

/**
 * The tags of accepted packets and the floor below which nothing is accepted (PROTOCOL.md
 * section 8). Its size is bounded by what is accepted within two windows.
 *
 * The key is the tag alone: it is made with a client's key already, and a name in it would let a
 * packet be used again after the client is renamed.
 */
export class ReplayCache {
  readonly #byMinute = new Map<Minute, Map<string, Sighting | undefined>>();
  /** Authentic but refused; oldest first. */
  readonly #spent = new Map<string, Sighting>();
  #floor: Minute;

  constructor(content: ReplayContent) {
    this.#floor = content.floor;
    for (const { minute: at, tag } of content.tags) this.#add(at, tag, undefined);
  }

  get floor(): Minute {
    return this.#floor;
  }

  /** The tags of accepted packets that are remembered. */
  *tags(): Generator<{ readonly minute: Minute; readonly tag: Uint8Array }> {
    for (const [at, tags] of this.#byMinute) {
      for (const key of tags.keys()) yield { minute: at, tag: Buffer.from(key, 'latin1') };
    }
  }

  /** Number of tags remembered. */
  get size(): number {
    let size = 0;
    for (const tags of this.#byMinute.values()) size += tags.size;
    return size;
  }

  /**
   * @param source the datagram's source address, 16 bytes; `undefined` if a carrier brought the packet
   * @param monotonic milliseconds of a clock that never steps
   */
  look(at: Minute, tag: Uint8Array, source: Uint8Array | undefined, monotonic: number): ReplayState {
    if (at < this.#floor) return 'stale';
    const tags = this.#byMinute.get(at);
    const key = keyOf(tag);
    if (tags?.has(key) !== true && !this.#spent.has(key)) return 'new';
    const first = tags?.get(key) ?? this.#spent.get(key);
    const isDuplicate =
      first?.source !== undefined &&
      source !== undefined &&
      monotonic - first.at <= DUPLICATE_MILLISECONDS &&
      sameAddress(first.source, source);
    return isDuplicate ? 'duplicate' : 'replay';
  }

  /**
   * Adds the tag of a packet that is being accepted, raises the floor and forgets what fell below.
   * @param width minutes from the earliest that could have been accepted now, by whatever way, to the latest
   */
  remember(
    at: Minute,
    tag: Uint8Array,
    width: number,
    source: Uint8Array | undefined,
    monotonic: number,
  ): ReplayRecord {
    this.#add(at, tag, sightingOf(source, monotonic));
    this.#floor = minute(Math.max(this.#floor, at - width));
    for (const known of this.#byMinute.keys()) {
      if (known < this.#floor) this.#byMinute.delete(known);
    }
    return { minute: at, tag, floor: this.#floor };
  }

  /**
   * Adds the tag of an authentic packet that the policy refuses, so that who has overheard it cannot
   * use it when the reason is gone, or from where it does not apply. Kept in memory only, and not for
   * ever: it has done no harm yet.
   */
  spend(tag: Uint8Array, source: Uint8Array | undefined, monotonic: number): void {
    this.#spent.set(keyOf(tag), sightingOf(source, monotonic));
    if (this.#spent.size <= MOST_SPENT) return;
    for (const oldest of this.#spent.keys()) {
      this.#spent.delete(oldest);
      break;
    }
  }

  #add(at: Minute, tag: Uint8Array, sighting: Sighting | undefined): void {
    const tags = this.#byMinute.get(at) ?? new Map<string, Sighting | undefined>();
    tags.set(keyOf(tag), sighting);
    this.#byMinute.set(at, tags);
  }
}

/** The source is copied: its buffer is used again. */
function sightingOf(source: Uint8Array | undefined, at: number): Sighting {
  return { source: source && Uint8Array.from(source), at };
}

function keyOf(tag: Uint8Array): string {
  return Buffer.from(tag.buffer, tag.byteOffset, tag.length).toString('latin1');
}
