import { grantsText } from './grants-text.js';
import type { GrantList } from '../core/control.js';
import { ask, CONTROL_OPTIONS } from './ask.js';
import { defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';
import { styleOf } from './style.js';

export const command = defineCommand({
  usage: 'bouncer grants [OPTIONS]',
  about: 'Lists what is open now, for whom, and for how long.',
  options: CONTROL_OPTIONS,
  examples: ['bouncer grants', 'bouncer grants --json'],
  async run(values, words) {
    expectNoWords(words);
    return ask(values, { method: 'GET', target: '/grants' }, ({ body }) => {
      process.stdout.write(grantsText((body as GrantList).grants, styleOf(process.stdout)));
      return ExitCode.success;
    });
  },
});
