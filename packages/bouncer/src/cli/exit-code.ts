/** Exit codes of `bouncer`. */
export const ExitCode = {
  success: 0,
  /** The config is wrong, the state cannot be used, or a privilege is missing. */
  failure: 1,
  /** The command line is wrong. */
  usage: 2,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
