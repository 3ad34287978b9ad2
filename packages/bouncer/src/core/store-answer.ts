/** Most values of one answer, those in lists among them: the grants of a cluster, each one of them. */
const MOST_VALUES = 1_000_000;

/** Most bytes of one answer. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Longest line in characters: an error, or what stands before a text or a list. */
const MOST_LINE = 64 * 1024;

const CARRIAGE_RETURN = 0x0d;

/** A line as far as it has come: what may hold anything, or the size of a text or list. */
const BEGINNING = /^(?:[+:-]|[$*](?:\d{0,10}|-1?)$)/;

/** A store does not answer as one does. The message is half a sentence. */
export class StoreAnswerError extends Error {
  override readonly name = 'StoreAnswerError';
}

/**
 * Follows what a store answers (RESP 2, redis.io/docs/latest/develop/reference/protocol-spec), and refuses
 * what is larger than an answer can be as soon as it is announced: whoever reads it makes room for it then.
 */
export class AnswerGuard {
  /** Values of the present answer that are still to come. */
  #due = 0;
  #values = 0;
  #bytes = 0;
  /** Bytes of a text that are passed over. */
  #skip = 0;
  #line = '';
  #refusal: StoreAnswerError | undefined;

  /** @throws {StoreAnswerError} from the first byte on that cannot be right */
  take(chunk: Buffer): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (at === chunk.length) return;
      const end = chunk.indexOf(CARRIAGE_RETURN, at);
      this.#line += chunk.toString('latin1', at, end === -1 ? chunk.length : end);
      if (this.#line.length > MOST_LINE) this.#refuse('a line without end');
      // Now, not at the line's end: the library does not wait for that of a truth, or of what is nothing.
      if (!BEGINNING.test(this.#line)) this.#refuse('what is no answer of a Redis');
      if (end === -1) return;
      at = end + 1;
      this.#skip = 1; // the line feed
      this.#read(this.#line);
      this.#line = '';
    }
  }

  #read(line: string): void {
    if (this.#due === 0) {
      this.#due = 1;
      this.#values = 0;
      this.#bytes = 0;
    }
    this.#due--;
    this.#bytes += line.length;
    if (/^[+:-]/.test(line)) return;
    const [, type, size] = /^(.)(\d{1,10}|-1)$/.exec(line) ?? this.#refuse('what is no answer of a Redis');
    if (size === '-1') return;
    if (type === '*') {
      this.#due += Number(size);
      this.#values += Number(size);
    } else {
      this.#skip += Number(size) + 2;
      this.#bytes += Number(size);
    }
    if (this.#values > MOST_VALUES || this.#bytes > MOST_BYTES) this.#refuse('more than an answer can be');
  }

  #refuse(what: string): never {
    this.#refusal = new StoreAnswerError(`it sends ${what}`);
    throw this.#refusal;
  }
}
