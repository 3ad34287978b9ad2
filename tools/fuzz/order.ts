import type { TargetName } from './target.js';

/** What a fuzzing thread is asked for. */
export interface FuzzOrder {
  readonly name: TargetName;
  /** Inputs to be tried at most. */
  readonly inputs: number;
  /** Time to try them at most. */
  readonly seconds: number;
  readonly seed: number;
  /** Shared: number of inputs tried (4 bytes), size of the one that is being tried (4 bytes), the input. */
  readonly current: SharedArrayBuffer;
}

/** What a fuzzing thread tells at its end. */
export interface FuzzReport {
  readonly tried: number;
  /** Places of the program reached, each counted for how often. */
  readonly reached: number;
  /** Inputs that reached something new. */
  readonly corpus: readonly Uint8Array[];
  /** The input that broke the target, if one did. */
  readonly broke?: { readonly input: Uint8Array; readonly reason: string };
}
