/** What a refusal is about; the command line gives each kind its exit code. */
export type RefusalKind = 'sending' | 'usage' | 'profile' | 'resolving' | 'closed';

/** One thing that is wrong. */
export interface Problem {
  /** One lower-case sentence without a full stop. Never holds a secret. */
  readonly sentence: string;
  /** What to do about it, if there is something: a command to copy, or a sentence like the first. */
  readonly hint?: string | undefined;
}

/** Why the command was not carried out: everything that was found wrong, in the words that users read. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly kind: RefusalKind;
  readonly problems: readonly Problem[];

  constructor(kind: RefusalKind, ...problems: readonly Problem[]) {
    super(problems.map(({ sentence }) => sentence).join('; '));
    this.kind = kind;
    this.problems = problems;
  }
}
