import type { GrantList } from '../core/control.js';
import { ask, CONTROL_OPTIONS } from './ask.js';
import { defineCommand } from './command.js';
import { ExitCode } from './exit-code.js';
import { grantsText } from './grants-text.js';
import { styleOf } from './style.js';
import { UsageError } from './usage-error.js';

export const command = defineCommand({
  usage: 'bouncer revoke [OPTIONS] ID|ADDRESS|CLIENT',
  about: `Ends grants before their time: the one with that id, or all for an address, all
of a client, or all there are. Connections that are open already are not cut.`,
  options: {
    ...CONTROL_OPTIONS,
    all: { type: 'boolean', default: false, text: 'end every grant' },
  },
  examples: ['bouncer revoke 192.0.2.7', 'bouncer revoke --all'],
  async run(values, words) {
    const target = `/grants?${queryOf(words, values.all)}`;
    return ask(values, { method: 'DELETE', target }, ({ body }) => {
      const { grants } = body as GrantList;
      if (grants.length === 0 && !values.all) {
        console.error('bouncer: there is no such grant: see bouncer grants');
        return ExitCode.failure;
      }
      process.stdout.write(grantsText(grants, styleOf(process.stdout)));
      return grants.some(({ state }) => state === 'failing') ? ExitCode.failure : ExitCode.success;
    });
  },
});

function queryOf([name, ...more]: readonly string[], all: boolean): string {
  if (more.length > 0) throw new UsageError(`unexpected argument "${more.join(' ')}"`);
  if ((name === undefined) !== all) throw new UsageError('name an id, an address or a client, or --all');
  if (name === undefined) return 'all=';
  return new URLSearchParams({ name }).toString();
}
