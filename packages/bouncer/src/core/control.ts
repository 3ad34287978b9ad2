import type { Status } from './status.js';

/** What an administrator may ask of the running daemon. */
export interface Control {
  status(): Status;
  /** Reads the config again and goes over to it. @returns everything that is wrong with it, if anything is */
  reload(): Promise<readonly string[]>;
}
