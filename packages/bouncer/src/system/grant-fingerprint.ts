import { createHash } from 'node:crypto';

const SIZE = 32;

/** One value for a set of grants with their content, whatever their order: the exclusive or of their SHA-256. */
export class GrantFingerprint {
  readonly #hashes = new Map<string, Buffer>();
  readonly #sum = Buffer.alloc(SIZE);

  /** 32 bytes. */
  get sum(): Buffer {
    return Buffer.from(this.#sum);
  }

  put(id: string, content: string): void {
    this.remove(id);
    const hash = createHash('sha256').update(`${id} ${content}`).digest();
    this.#hashes.set(id, hash);
    this.#toggle(hash);
  }

  remove(id: string): void {
    const hash = this.#hashes.get(id);
    if (hash === undefined) return;
    this.#hashes.delete(id);
    this.#toggle(hash);
  }

  #toggle(hash: Buffer): void {
    for (const [index, byte] of hash.entries()) this.#sum[index] = (this.#sum[index] ?? 0) ^ byte;
  }
}
