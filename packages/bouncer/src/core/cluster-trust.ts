/** What a gateway tells the others by the store. */
export interface Member {
  /** 16 hexadecimal digits, drawn once for each gateway. */
  readonly id: string;
  /** The host's name, for people. */
  readonly name: string;
  /** The epoch of the store for which it has put there all that it remembers. */
  readonly epoch: string;
  /** Counts what it tells, so that one that is gone can be told from one that is there. */
  readonly beat: number;
  /** How many changes of grants it has seen. */
  readonly changes: number;
}

/** A member, and when it was last heard of. */
export interface Sighting {
  readonly member: Member;
  /** Milliseconds, monotonic. */
  readonly at: number;
}

/** Milliseconds for which a new epoch is believed by nobody, so that every gateway sees it first. */
const SETTLE = 1_500;

/**
 * Whether what the store knows of packets is all that the cluster has accepted.
 *
 * A store that was started anew, or another that took over, may have forgotten something. It is another
 * epoch then, and is believed when every gateway that may have accepted a packet which could
 * still be accepted again has put there what it remembers: that is every one that was heard of, for
 * as long as the window of a packet is.
 */
export class ClusterTrust {
  readonly #known = new Map<string, Sighting>();
  #epoch = '';
  /** When it may be believed: milliseconds, monotonic. */
  #settled = 0;

  /**
   * @param known members that were there before we were started, by id with their names
   * @param now milliseconds, monotonic
   */
  constructor(known: ReadonlyMap<string, string>, now: number) {
    for (const [id, name] of known) {
      this.#known.set(id, { member: { id, name, epoch: '', beat: -1, changes: 0 }, at: now });
    }
  }

  /** Members that were heard of, by id. */
  get members(): readonly Sighting[] {
    return [...this.#known.values()].sort((a, b) => a.member.id.localeCompare(b.member.id));
  }

  /**
   * Takes what the store has of the members.
   * @param span milliseconds after which what a silent member has accepted is accepted by nobody any more
   * @returns ids of those in the store that are forgotten
   */
  see(members: readonly Member[], now: number, span: number): string[] {
    for (const member of members) {
      const former = this.#known.get(member.id);
      const isSilent = former?.member.beat === member.beat;
      this.#known.set(member.id, { member, at: isSilent ? former.at : now });
    }
    const gone = [...this.#known.values()].filter(({ at }) => now - at > span);
    for (const { member } of gone) this.#known.delete(member.id);
    return gone.map(({ member }) => member.id);
  }

  /**
   * Takes the epoch that the store has.
   * @param age milliseconds since it began, by the store's clock
   */
  enter(epoch: string, age: number, now: number): void {
    if (epoch !== this.#epoch && age < SETTLE) this.#settled = now + SETTLE;
    this.#epoch = epoch;
  }

  /** Has the store believed no earlier than some time after that moment, whatever its epoch. */
  distrust(until: number): void {
    this.#settled = until + SETTLE;
  }

  /** Why the store may not know all that the cluster has accepted, if it may not. Half a sentence. */
  doubt(now: number): string | undefined {
    const missing = this.members.filter(({ member }) => member.epoch !== this.#epoch);
    if (missing.length > 0) {
      const names = missing.map(({ member: { id, name } }) => `${name} (${id})`);
      return `it may have forgotten what these gateways have accepted, and waits for them: ${names.join(', ')}`;
    }
    return now < this.#settled
      ? 'it is new, or has become another: the gateways tell it what they remember'
      : undefined;
  }
}
