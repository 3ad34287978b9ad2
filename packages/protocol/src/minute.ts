import { ProtocolError } from './protocol-error.js';

declare const brand: unique symbol;

/** Whole minutes since the Unix epoch, UTC; 0 to about 1.5 * 10^11 (PROTOCOL.md section 1). */
export type Minute = number & { readonly [brand]: 'Minute' };

const MILLISECONDS_PER_MINUTE = 60_000;

/** Keeps every time of a minute an exact integer in milliseconds. */
const LARGEST_MINUTE = Math.floor(Number.MAX_SAFE_INTEGER / MILLISECONDS_PER_MINUTE);

/**
 * Checks a number that is meant as a minute.
 * @throws {ProtocolError} if it is not an integer from 0 to about 1.5 * 10^11
 */
export function minute(value: number): Minute {
  if (!Number.isInteger(value) || value < 0 || value > LARGEST_MINUTE) {
    throw new ProtocolError(`minute expected an integer from 0 to ${LARGEST_MINUTE}, got ${value}`);
  }
  return value as Minute;
}

/**
 * The minute of a Unix time in milliseconds.
 * @throws {ProtocolError} if the time lies before 1970 or is not finite
 */
export function minuteOf(unixMilliseconds: number): Minute {
  return minute(Math.floor(unixMilliseconds / MILLISECONDS_PER_MINUTE));
}

/** The minutes of the window, earliest first (PROTOCOL.md section 8). Never below minute 0. */
export function windowAround(now: Minute, delta: number): Minute[] {
  const minutes: Minute[] = [];
  for (let value = Math.max(0, now - delta); value <= now + delta; value++) {
    minutes.push(minute(value));
  }
  return minutes;
}
