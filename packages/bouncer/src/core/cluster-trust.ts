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

  /** Members that have still to put into the store what they remember. */
  missing(epoch: string): readonly Sighting[] {
    return this.members.filter(({ member }) => member.epoch !== epoch);
  }
}
