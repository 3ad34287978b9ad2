import { ConfigError } from '../system/config-error.js';
import { loadConfig } from '../system/config-file.js';
import { CONFIG_OPTION, defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';

export const command = defineCommand({
  usage: 'bouncer check [OPTIONS]',
  about: 'Reads the config as "bouncer run" would, and says all that is wrong with it.',
  options: { config: CONFIG_OPTION },
  examples: ['bouncer check', 'bouncer check -c ./bouncer.toml'],
  run({ config }, words) {
    expectNoWords(words);
    return check(config);
  },
});

async function check(file: string): Promise<ExitCode> {
  try {
    const { policy } = await loadConfig(file);
    // A client whose previous seed still holds is in the policy twice.
    const clients = new Set(policy.clients.map(({ name }) => name));
    const counts = [counted(clients.size, 'client'), counted(policy.actions.length, 'action')];
    process.stdout.write(`${file}: ok, ${counts.join(', ')}\n`);
    return ExitCode.success;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return ExitCode.failure;
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
