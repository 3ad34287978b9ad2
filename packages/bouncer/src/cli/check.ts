import { ConfigError } from '../system/config-error.js';
import { loadConfig } from '../system/config-file.js';
import { ExitCode } from './exit-code.js';

/** `bouncer check`: the same reading and checking as at the start of `bouncer run`. */
export async function check(file: string): Promise<ExitCode> {
  try {
    const { policy } = await loadConfig(file);
    process.stdout.write(`${file}: ok, ${policy.clients.length} clients, ${policy.actions.length} actions\n`);
    return ExitCode.success;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return ExitCode.failure;
  }
}
