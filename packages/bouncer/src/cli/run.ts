import { resolve } from 'node:path';
import { parseDuration } from '../core/duration.js';
import { startInBackground } from '../system/background.js';
import { forbidCoreDumps } from '../system/core-limit.js';
import { Spares } from '../system/spares.js';
import { CONFIG_OPTION, defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';
import type { Wishes } from './run-daemon.js';
import { catchSignals } from './signals.js';
import { UsageError } from './usage-error.js';

/** Seconds. */
const LONGEST_TRIAL = 86_400;

export const command = defineCommand({
  usage: 'bouncer run [OPTIONS]',
  about: `The daemon: listens until SIGTERM or SIGINT. SIGHUP reads the config again,
SIGUSR1 opens the log's file anew. The log is one JSON record a line on standard
output, and where the config says besides.`,
  options: {
    config: CONFIG_OPTION,
    verbose: { type: 'boolean', short: 'v', default: false, text: 'log more, whatever the config says' },
    trial: {
      type: 'string',
      value: 'TIME',
      text: 'then go back to what was closed before, unless confirmed',
    },
    daemon: {
      type: 'boolean',
      default: false,
      text: 'go on in the background once it listens; needs [log]',
    },
    'pid-file': { type: 'string', value: 'PATH', text: 'write the process id there when it listens' },
  },
  examples: ['bouncer run', 'bouncer run --trial 5m', 'bouncer run -v -c ./bouncer.toml | npx bunyan'],
  async run({ config, verbose, trial, daemon, 'pid-file': pidFile }, words) {
    expectNoWords(words);
    const wishes = {
      file: resolve(config),
      verbose,
      trial: trial === undefined ? undefined : trialSeconds(trial),
      pidFile: pidFile === undefined ? undefined : resolve(pidFile),
    };
    if (process.geteuid?.() !== 0) {
      console.error('bouncer: run needs root, to capture packets and to run actions: try sudo bouncer run');
      return ExitCode.failure;
    }
    return daemon ? runInBackground(wishes) : runHere(wishes);
  },
});

function trialSeconds(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds > LONGEST_TRIAL)
    throw new UsageError(`--trial: expected a time such as "5m", at most "1d", got "${text}"`);
  return seconds;
}

async function runInBackground({ file, verbose, trial, pidFile }: Wishes): Promise<ExitCode> {
  const beginning = await startInBackground([
    ...['run', '--config', file],
    ...(verbose ? ['--verbose'] : []),
    ...(trial === undefined ? [] : ['--trial', `${trial}s`]),
    ...(pidFile === undefined ? [] : ['--pid-file', pidFile]),
  ]);
  if ('problem' in beginning) {
    console.error(beginning.problem);
    return ExitCode.failure;
  }
  if (!beginning.listens) console.error('bouncer: it does not listen yet; the log says why');
  return ExitCode.success;
}

/** What the daemon is made of is loaded while its processes start. */
async function runHere(wishes: Wishes): Promise<ExitCode> {
  const signals = catchSignals();
  const coreDumps = await forbidCoreDumps();
  const spares = new Spares();
  const { runDaemon } = await import('./run-daemon.js');
  return runDaemon(wishes, spares, signals, coreDumps);
}
