/** One moment on both clocks. */
export interface Moment {
  /** Unix time in milliseconds. */
  readonly unix: number;
  /** Milliseconds since the machine was started, of a clock that never steps. */
  readonly monotonic: number;
}

/** The moment that many milliseconds later. */
export function later({ unix, monotonic }: Moment, milliseconds: number): Moment {
  return { unix: unix + milliseconds, monotonic: monotonic + milliseconds };
}
