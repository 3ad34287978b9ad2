import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from '../daemon.js';
import { hasStarter, tellStarter } from '../system/background.js';
import { ConfigError } from '../system/config-error.js';
import { loadConfig, type Config } from '../system/config-file.js';
import { LogPlaces } from '../system/log-places.js';
import { createLog, type Log } from '../system/log.js';
import { PidFile, PidFileError } from '../system/pid-file.js';
import { reasonOf } from '../system/reason.js';
import { StoreError } from '../system/replay-store.js';
import type { Spares } from '../system/spares.js';
import { version } from '../system/version.js';
import { ExitCode } from './exit-code.js';
import type { Signals } from './signals.js';

/** Milliseconds that whoever starts us in the background waits for us to listen. */
const PATIENCE = 15_000;

export interface Wishes {
  readonly file: string;
  readonly verbose: boolean;
  readonly trial: number | undefined;
  readonly pidFile: string | undefined;
}

/**
 * The daemon from the config's reading to its end.
 * @param coreDumps why a core dump could show the seeds, if so
 */
export async function runDaemon(
  wishes: Wishes,
  spares: Spares,
  signals: Signals,
  coreDumps: string | undefined,
): Promise<ExitCode> {
  try {
    const { verbose, trial, file } = wishes;
    const pidFile = wishes.pidFile === undefined ? undefined : new PidFile(wishes.pidFile);
    await pidFile?.expectFree();
    const config = await loadConfig(file);
    checkConfig(config, wishes);
    const logPlaces = new LogPlaces(process.env);
    const log = createLog(logPlaces.sinks, verbose ? 'debug' : config.log.level);
    process.on('uncaughtException', (err) => {
      log.fatal({ err }, 'bouncer broke');
      process.exit(ExitCode.failure);
    });
    if (coreDumps !== undefined)
      log.warn({ reason: coreDumps }, `a core dump could show the seeds: ${coreDumps}`);
    const daemon = await Daemon.start({
      ...{ file, config, log, logPlaces, verbose, trial, spares },
      version: await version(),
    });
    log.info({ config: file, server: config.policy.serverId }, 'bouncer started');
    void announce(daemon, pidFile, log);
    const signal = await signals.untilStop(daemon);
    log.info({ signal }, `${signal}: stopping`);
    await daemon.stop();
    await attempt(() => pidFile?.remove(), log);
    log.info('bouncer stopped');
    await logPlaces.flush();
    // A reader that never took the rest of the log must not keep us.
    process.exit(ExitCode.success);
  } catch (error) {
    spares.discard();
    const problem = problemIn(error);
    if (problem === undefined) throw error;
    console.error(problem);
    await tellStarter({ problem });
    return ExitCode.failure;
  }
}

/** What is wrong, as a message, if it is something that an administrator can do something about. */
function problemIn(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.message;
  const isKnown = error instanceof StoreError || error instanceof PidFileError;
  // The message says more than the cause that reasonOf would look for.
  return isKnown ? `bouncer: ${error.message}` : undefined;
}

/** @throws {ConfigError} if the config has not what the options need */
function checkConfig({ guard, log }: Config, { file, trial }: Wishes): void {
  if (trial !== undefined && guard.plan.closed.length === 0)
    throw new ConfigError(file, [{ key: 'guard.ports', reason: 'is empty: there is no guard to try' }]);
  if (hasStarter() && log.file === undefined && log.syslog === undefined) {
    const reason = 'is missing, and log.syslog too: in the background, nobody reads standard output';
    throw new ConfigError(file, [{ key: 'log.file', reason }]);
  }
}

/** Tells who waits for it that we listen, or that this takes longer. */
async function announce(daemon: Daemon, pidFile: PidFile | undefined, log: Log): Promise<void> {
  const tooLong = sleep(PATIENCE, false, { ref: false });
  const listens = await Promise.race([daemon.listening.then(() => true), tooLong]);
  await attempt(() => pidFile?.write(), log);
  await tellStarter({ listens });
}

/** Does something about the pid file that is no reason to end if it does not work. */
async function attempt(work: () => Promise<void> | undefined, log: Log): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.error({ reason: reasonOf(error) }, `the pid file is not as it should be: ${reasonOf(error)}`);
  }
}
