/** One thing that is wrong with a config. */
export interface Problem {
  /** The file that it is in, if that is not the config's own. */
  readonly file?: string;
  /** The key, such as `clients.alice.from`, or empty for the file itself. */
  readonly key: string;
  /** What is wrong and what to do. */
  readonly reason: string;
}
