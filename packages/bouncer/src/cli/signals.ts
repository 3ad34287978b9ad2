import type { Daemon } from '../daemon.js';

export interface Signals {
  /** Settles with the first signal to stop, also one that came earlier. */
  untilStop(daemon: Daemon): Promise<NodeJS.Signals>;
}

/** Catches signals from the very start on, so that none that comes early ends us halfway. */
export function catchSignals(): Signals {
  let daemon: Daemon | undefined;
  let reloadIsDue = false;
  const stop = new Promise<NodeJS.Signals>((settle) => {
    process.once('SIGTERM', settle).once('SIGINT', settle);
  });
  process.on('SIGHUP', () => {
    if (daemon) void daemon.reload();
    else reloadIsDue = true;
  });
  // Without a handler, Node would open a debugger's port.
  process.on('SIGUSR1', () => daemon?.reopenLog());
  return {
    untilStop(started) {
      daemon = started;
      if (reloadIsDue) void daemon.reload();
      return stop;
    },
  };
}
