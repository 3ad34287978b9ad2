import { createHash } from 'node:crypto';
import type { Minute } from '@bouncer-spa/protocol';

const SIZE = 32;

/** One value for a set of keys, whatever their order: the exclusive or of their SHA-256, minute by minute. */
export class Fingerprint {
  readonly #byMinute: Map<Minute, Buffer>;

  constructor(byMinute: ReadonlyMap<Minute, Buffer> = new Map()) {
    this.#byMinute = new Map(byMinute);
  }

  /** That of the set with one key more. */
  with(at: Minute, key: Uint8Array): Fingerprint {
    const more = new Fingerprint(this.#byMinute);
    const hash = createHash('sha256').update(key).digest();
    more.#byMinute.set(at, exclusiveOr(hash, this.#byMinute.get(at)));
    return more;
  }

  /** 32 bytes for the keys of the floor's minute and later ones. */
  from(floor: Minute): Buffer {
    let sum = Buffer.alloc(SIZE);
    for (const [at, value] of this.#byMinute) {
      if (at >= floor) sum = exclusiveOr(sum, value);
    }
    return sum;
  }

  /** Drops the minutes below the floor. */
  forget(floor: Minute): void {
    for (const at of this.#byMinute.keys()) {
      if (at < floor) this.#byMinute.delete(at);
    }
  }
}

function exclusiveOr(a: Buffer, b: Buffer = Buffer.alloc(SIZE)): Buffer<ArrayBuffer> {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
}
