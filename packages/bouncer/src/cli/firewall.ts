import { formatAddress } from '../core/address.js';
import type { GuardListing } from '../core/guard-listing.js';
import { formatPortRange } from '../core/port-range.js';
import { FirewallError } from '../system/firewall-error.js';
import { Firewall } from '../system/firewall.js';
import { defineCommand } from './command.js';
import { ExitCode } from './exit-code.js';
import { UsageError } from './usage-error.js';

export const command = defineCommand({
  usage: 'bouncer firewall show|remove',
  about: `Shows the guard as the kernel has it, or takes it away. Neither needs the
daemon; while it runs, it puts back what was removed.`,
  options: {},
  examples: ['bouncer firewall show', 'bouncer firewall remove'],
  async run(_, words) {
    const [word = '', ...more] = words;
    if (more.length > 0 || (word !== 'show' && word !== 'remove'))
      throw new UsageError(`expected "show" or "remove", got "${words.join(' ')}"`);
    try {
      process.stdout.write(word === 'show' ? await show(new Firewall()) : await remove(new Firewall()));
      return ExitCode.success;
    } catch (error) {
      if (!(error instanceof FirewallError)) throw error;
      console.error(`bouncer: ${error.message}`);
      return ExitCode.failure;
    }
  },
});

async function show(firewall: Firewall): Promise<string> {
  const guard = await firewall.guard();
  return guard === undefined ? 'there is no guard: nothing is closed\n' : describe(guard);
}

function describe({ closed, tried, openings, trial }: GuardListing): string {
  const isOver = trial === 0 ? 'no longer closed, since the trial is over' : 'closed';
  const until = trial === undefined || trial === 0 ? '' : ` (on trial, for ${trial} seconds more)`;
  const states = [
    ...(closed.length === 0 ? [] : [`closed: ${closed.map(formatPortRange).join(', ')}\n`]),
    ...(tried.length === 0 ? [] : [`${isOver}: ${tried.map(formatPortRange).join(', ')}${until}\n`]),
  ];
  const lines = openings.map(({ ports, address, seconds }) => {
    const time = seconds === Infinity ? 'without end' : `for ${seconds} seconds more`;
    return `  ${formatPortRange(ports)}  ${formatAddress(address)}  ${time}\n`;
  });
  const open = lines.length === 0 ? 'open to nobody\n' : `open to\n${lines.join('')}`;
  return `${states.join('')}${open}`;
}

async function remove(firewall: Firewall): Promise<string> {
  return (await firewall.removeGuard())
    ? 'the guard is removed: nothing is closed any more\n'
    : 'there is no guard\n';
}
