import type { Minute } from '@bouncer-spa/protocol';
import type { GrantTarget, GrantView } from './grant-view.js';
import type { Status } from './status.js';
import type { Submission } from './submission.js';

/** Grants as `/grants` tells them. */
export interface GrantList {
  readonly grants: readonly GrantView[];
}

/** Packets that were accepted, as `/replay` tells them. */
export interface SeenPackets {
  /** Nothing of an earlier minute is accepted. */
  readonly floor: Minute;
  readonly packets: readonly {
    readonly minute: Minute;
    /** In base64. */
    readonly tag: string;
  }[];
}

/** What an administrator may ask of the running daemon. */
export interface Control {
  status(): Status;
  /** What is open now, and what is being closed. */
  grants(): readonly GrantView[];
  /** What is remembered so that nothing is accepted twice. */
  replay(): SeenPackets;
  /** Ends grants before their time. @returns what has become of them within some seconds */
  revoke(target: GrantTarget): Promise<readonly GrantView[]>;
  /** Reads the config again and goes over to it. @returns everything that is wrong with it, if anything is */
  reload(): Promise<readonly string[]>;
  /** Ends the guard's trial: it stays. @returns why there was nothing to confirm, if so */
  confirm(): Promise<string | undefined>;
  /**
   * Judges a packet that a carrier brought, and acts on it if it is accepted.
   * @returns the decision; `undefined` if carriers are not trusted to bring any
   */
  submit(packet: Uint8Array): Promise<Submission | undefined>;
}
