import { CaptureProcess } from './capture-process.js';
import { ReplayCheck } from './replay-check.js';

/**
 * Processes that are started before it is known what they are to do: while Node.js starts in them, we load
 * our own code and read the config.
 */
export class Spares {
  readonly capture = new CaptureProcess();
  readonly check = new ReplayCheck();

  /** Ends those that were not needed. */
  discard(): void {
    this.capture.discard();
    this.check.discard();
  }
}
