import { AnswerGuard } from '../core/store-answer.js';

type Write = (this: object, chunk: Buffer) => void;

let isGuarded = false;

/**
 * Has every answer of a store looked at before the library reads it. By itself that makes room for lists as
 * long as they are announced, and some hundred bytes from a store, or from who is on the way to it, would
 * fill the memory.
 */
export async function guardAnswers(): Promise<void> {
  const { Decoder } = await import('@redis/client/dist/lib/RESP/decoder.js');
  if (isGuarded) return;
  isGuarded = true;
  const guards = new WeakMap<object, AnswerGuard>();
  const { value: read } = Object.getOwnPropertyDescriptor(Decoder.prototype, 'write') as { value: Write };
  // What is thrown here ends the connection as what the library finds wrong does.
  Decoder.prototype.write = function (chunk: Buffer): void {
    const guard = guards.get(this) ?? new AnswerGuard();
    guards.set(this, guard);
    guard.take(chunk);
    read.call(this, chunk);
  };
}
