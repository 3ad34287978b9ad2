import { ConfigError } from '../system/config-error.js';
import { loadConfig } from '../system/config-file.js';
import { ExitCode } from './exit-code.js';

/** `bouncer check`: the same reading and checking as at the start of `bouncer run`. */
export async function check(file: string): Promise<ExitCode> {
  try {
    const { policy } = await loadConfig(file);
    // A client whose previous seed still holds is in the policy twice.
    const clients = new Set(policy.clients.map(({ name }) => name));
    process.stdout.write(`${file}: ok, ${clients.size} clients, ${policy.actions.length} actions\n`);
    return ExitCode.success;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return ExitCode.failure;
  }
}
