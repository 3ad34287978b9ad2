/** What is fuzzed. */
export interface FuzzTarget {
  /** What may be in an input that is not found by chance. */
  readonly tokens: readonly string[];
  /**
   * Gives an input to what is tested.
   * @throws whatever must not happen; refusals are no errors
   */
  fuzz(input: Buffer): void;
}

/** The names of the targets, each a file in `targets/`. */
export const TARGETS = [
  'frame',
  'packet',
  'wire',
  'capture-file',
  'config',
  'bundle',
  'store-answer',
] as const;

export type TargetName = (typeof TARGETS)[number];
