/** One moment on both clocks. */
export interface Moment {
  /** Unix time in milliseconds. */
  readonly unix: number;
  /** Milliseconds since the machine was started, of a clock that never steps. */
  readonly monotonic: number;
}

/** The last time that a Date can be, in milliseconds of Unix time (ECMA-262 section 21.4.1.1). */
export const LAST_TIME = 8.64e15;

/** The moment that many milliseconds later. */
export function later({ unix, monotonic }: Moment, milliseconds: number): Moment {
  return { unix: unix + milliseconds, monotonic: monotonic + milliseconds };
}
