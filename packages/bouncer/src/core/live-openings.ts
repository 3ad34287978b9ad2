import { formatAddress, isIpv4Mapped } from './address.js';
import type { Opening } from './door.js';
import { setOf } from './guard.js';

/** An address in a set of the guard. */
export interface LiveOpening {
  /** Name of the set. */
  readonly set: string;
  /** The address as text. */
  readonly element: string;
  /** Seconds that it has left. */
  readonly seconds: number;
}

/** With less left than these seconds, an opening is not worth to be put back. */
const WORTH = 1;

/** What the guard's sets have to hold, so that it can be put back when somebody else has emptied them. */
export class LiveOpenings {
  /** Milliseconds, monotonic, by set and element. */
  readonly #ends = new Map<string, number>();

  opened(set: string, element: string, seconds: number, now: number): void {
    this.#ends.set(`${set} ${element}`, now + seconds * 1_000);
  }

  closed(set: string, element: string): void {
    this.#ends.delete(`${set} ${element}`);
  }

  /** Takes over what the sets hold already. What was opened here is known better. */
  found(openings: readonly Opening[], now: number): void {
    for (const opening of openings) {
      const key = keyOf(opening);
      if (!this.#ends.has(key) && Number.isFinite(opening.seconds))
        this.#ends.set(key, now + opening.seconds * 1_000);
    }
  }

  /** What has to be put into the sets that are named, beyond what they hold. Forgets all else. */
  missing(sets: ReadonlySet<string>, openings: readonly Opening[], now: number): LiveOpening[] {
    const held = new Set(openings.map(keyOf));
    const missing: LiveOpening[] = [];
    for (const [key, end] of this.#ends) {
      const [set = '', element = ''] = key.split(' ');
      const seconds = (end - now) / 1_000;
      if (seconds < WORTH || !sets.has(set)) this.#ends.delete(key);
      else if (!held.has(key)) missing.push({ set, element, seconds });
    }
    return missing;
  }
}

function keyOf({ ports, address }: Opening): string {
  return `${setOf(ports, isIpv4Mapped(address) ? 'ipv4' : 'ipv6')} ${formatAddress(address)}`;
}
