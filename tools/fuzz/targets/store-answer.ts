import { Decoder } from '@redis/client/dist/lib/RESP/decoder.js';
import { StoreAnswerError } from '@bouncer-spa/bouncer/dist/core/store-answer.js';
import { parseStoreInfo } from '@bouncer-spa/bouncer/dist/core/store-info.js';
import { guardAnswers } from '@bouncer-spa/bouncer/dist/system/answer-guard.js';

/** Most values that one answer may have room made for. */
const MOST_VALUES = 1_000_000;

/** Values that there can be before it in one input, as inputs have no more bytes. */
const SLACK = 2_048;

export const tokens: readonly string[] = [
  '*',
  '$',
  '\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*2\r\n',
  '$4\r\nrole\r\n',
  '+QUEUED\r\n',
  ':1\r\n',
  '-ERR\r\n',
  '*1000001\r\n',
  '*600000\r\n',
  '$268435457\r\n',
  'redis_version:7.0.15\r\n',
  'run_id:0\r\n',
  'server_time_usec:1767225625500000\r\n',
  'maxmemory_policy:noeviction\r\n',
];

await guardAnswers();

/**
 * What a store, or who is on the way to it, answers, in pieces as long as the first byte says. The library
 * reads what the guard lets through, and makes no more room than that.
 */
export function fuzz(input: Buffer): void {
  const replies: unknown[] = [];
  const take = (reply: unknown): number => replies.push(reply);
  const decoder = new Decoder({
    onReply: take,
    onErrorReply: take,
    onPush: () => {
      throw new Error('a push of RESP 3 was read');
    },
    getTypeMapping: () => ({}),
  });
  const [size = 1] = input;
  try {
    withinRoom(() => {
      for (let at = 1; at < input.length; at += size + 1) decoder.write(input.subarray(at, at + size + 1));
    });
  } catch (error) {
    if (!(error instanceof StoreAnswerError)) throw error;
  }
  for (const reply of replies) {
    if (!isAnswer(reply)) throw new Error('what was read is no answer of RESP 2');
    if (typeof reply === 'string') parseStoreInfo(reply);
  }
}

/** Does something that makes lists. @throws {Error} if there is room in them for more values than may be */
function withinRoom(work: () => void): void {
  const plain = globalThis.Array;
  let room = 0;
  globalThis.Array = new Proxy(plain, {
    construct(target, args: unknown[]) {
      const [length] = args;
      if (typeof length !== 'number') return Reflect.construct(target, args);
      room += length;
      if (room > MOST_VALUES + SLACK) throw new Error(`room is made for ${room} values`);
      // Room for as many as an input can hold is as good, and takes no time.
      return Reflect.construct(target, [Math.min(length, SLACK)]);
    },
  });
  try {
    work();
  } finally {
    globalThis.Array = plain;
  }
}

function isAnswer(reply: unknown): boolean {
  if (Array.isArray(reply)) return reply.every(isAnswer);
  return reply === null || ['string', 'number'].includes(typeof reply) || reply instanceof Error;
}
