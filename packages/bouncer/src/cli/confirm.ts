import { ask, CONTROL_OPTIONS } from './ask.js';
import { defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';

export const command = defineCommand({
  usage: 'bouncer confirm [OPTIONS]',
  about: 'Ends the trial of "bouncer run --trial": the guard stays.',
  options: CONTROL_OPTIONS,
  examples: ['bouncer confirm'],
  async run(values, words) {
    expectNoWords(words);
    return ask(values, { method: 'POST', target: '/confirm' }, () => {
      process.stdout.write('confirmed: the guard stays\n');
      return ExitCode.success;
    });
  },
});
