import { quoted } from './quote.js';
import { Refusal } from './refusal.js';

/** The largest duration a packet holds, in seconds (PROTOCOL.md section 5). */
export const LARGEST_DURATION = 0xffff_ffff;

const SECONDS = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/**
 * Reads a duration: a whole number and one of `s`, `m`, `h`, `d`; without a unit it means seconds.
 * @returns seconds, 1 to 2^32 - 1
 * @throws {Refusal} if the text is anything else; 0 would ask for the action's own duration
 */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+)([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (SECONDS.get(unit ?? '') ?? 1);
  if (Number.isNaN(seconds)) {
    throw new Refusal('usage', {
      sentence: `duration expected a whole number and a unit, got ${quoted(text)}`,
      hint: 'write 30s, 10m, 2h or 1d; a plain number is seconds',
    });
  }
  if (seconds === 0) {
    throw new Refusal('usage', {
      sentence: 'duration expected at least 1 second, got 0',
      hint: "leave the duration out to have the action's own",
    });
  }
  if (seconds > LARGEST_DURATION) {
    throw new Refusal('usage', {
      sentence: `duration expected at most ${LARGEST_DURATION} seconds, got ${quoted(text)}`,
    });
  }
  return seconds;
}
