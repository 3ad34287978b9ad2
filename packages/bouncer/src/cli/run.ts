import { parseDuration } from '../core/duration.js';
import { Daemon } from '../daemon.js';
import { ConfigError } from '../system/config-error.js';
import { loadConfig } from '../system/config-file.js';
import { logSink } from '../system/log-sink.js';
import { createLog } from '../system/log.js';
import { leadsToJournal, PrioritySink } from '../system/priority-sink.js';
import { StoreError } from '../system/replay-store.js';
import { CONFIG_OPTION, defineCommand, expectNoWords } from './command.js';
import { version } from '../system/version.js';
import { ExitCode } from './exit-code.js';
import { UsageError } from './usage-error.js';

const STANDARD_OUTPUT = 1;

/** Seconds. */
const LONGEST_TRIAL = 86_400;

export const command = defineCommand({
  usage: 'bouncer run [OPTIONS]',
  about: `The daemon: listens until SIGTERM or SIGINT. SIGHUP reads the config again.
The log is one JSON record a line on standard output.`,
  options: {
    config: CONFIG_OPTION,
    verbose: { type: 'boolean', short: 'v', default: false, text: 'log more, whatever the config says' },
    trial: {
      type: 'string',
      value: 'TIME',
      text: 'take the guard away after that time, unless confirmed',
    },
  },
  examples: ['bouncer run', 'bouncer run --trial 5m', 'bouncer run -v -c ./bouncer.toml | npx bunyan'],
  run({ config, verbose, trial }, words) {
    expectNoWords(words);
    return run(config, verbose, trial === undefined ? undefined : trialSeconds(trial));
  },
});

function trialSeconds(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds > LONGEST_TRIAL)
    throw new UsageError(`--trial: expected a time such as "5m", at most "1d", got "${text}"`);
  return seconds;
}

async function run(file: string, verbose: boolean, trial: number | undefined): Promise<ExitCode> {
  if (process.geteuid?.() !== 0) {
    console.error('bouncer: run needs root, to capture packets and to run actions: try sudo bouncer run');
    return ExitCode.failure;
  }
  const signals = catchSignals();
  try {
    const config = await loadConfig(file);
    if (trial !== undefined && config.guard.plan.closed.length === 0)
      throw new ConfigError(file, [{ key: 'guard.ports', reason: 'is empty: there is no guard to try' }]);
    const output = logSink(STANDARD_OUTPUT);
    const sink = leadsToJournal(STANDARD_OUTPUT, process.env) ? new PrioritySink(output) : output;
    const log = createLog(sink, verbose ? 'debug' : config.log.level);
    process.on('uncaughtException', (err) => {
      log.fatal({ err }, 'bouncer broke');
      process.exit(ExitCode.failure);
    });
    const daemon = await Daemon.start({ file, config, log, verbose, trial, version: await version() });
    log.info({ config: file, server: config.policy.serverId }, 'bouncer started');
    const signal = await signals.untilStop(() => void daemon.reload());
    log.info({ signal }, `${signal}: stopping`);
    await daemon.stop();
    log.info('bouncer stopped');
    await sink.flush();
    // A reader that never took the rest of the log must not keep us.
    process.exit(ExitCode.success);
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof StoreError)) throw error;
    console.error(error instanceof ConfigError ? error.message : `bouncer: ${error.message}`);
    return ExitCode.failure;
  }
}

interface Signals {
  /** Settles with the first signal to stop, also one that came earlier. */
  untilStop(onReload: () => void): Promise<NodeJS.Signals>;
}

/** Catches signals from the very start on, so that none that comes early ends us halfway. */
function catchSignals(): Signals {
  let reload: (() => void) | undefined;
  let reloadIsDue = false;
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve).once('SIGINT', resolve);
  });
  process.on('SIGHUP', () => {
    if (reload) reload();
    else reloadIsDue = true;
  });
  // Without a handler, Node would open a debugger's port.
  process.on('SIGUSR1', () => undefined);
  return {
    untilStop(onReload) {
      reload = onReload;
      if (reloadIsDue) onReload();
      return stop;
    },
  };
}
