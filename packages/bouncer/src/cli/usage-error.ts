/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Whose help tells more, if that is known: the words after `bouncer`. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}
