import type { RefusalKind } from '../core/refusal.js';

/** What the process ends with. */
export const EXIT_CODE = {
  /** The datagram was handed to the kernel, or what was asked for was printed or written. */
  done: 0,
  /** It could not be sent or printed: the network or the output refused it. */
  sending: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The profile or a secret's file is wrong. */
  profile: 3,
  /** The host name does not resolve. */
  resolving: 4,
  /** The port that was waited for did not open. */
  closed: 5,
  /** A bug (EX_SOFTWARE of sysexits.h). */
  internal: 70,
} as const satisfies Record<RefusalKind | 'done' | 'internal', number>;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
