import type { Status } from '../core/status.js';
import { ask, CONTROL_OPTIONS } from './ask.js';
import { defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';
import { statusText } from './status-text.js';
import { styleOf } from './style.js';

export const command = defineCommand({
  usage: 'bouncer status [OPTIONS]',
  about: 'Shows how the running daemon fares: what it listens to and what it decided.',
  options: CONTROL_OPTIONS,
  examples: ['bouncer status', 'bouncer status --json'],
  async run(values, words) {
    expectNoWords(words);
    return ask(values, { method: 'GET', target: '/status' }, ({ body }) => {
      process.stdout.write(statusText(body as Status, styleOf(process.stdout)));
      return ExitCode.success;
    });
  },
});
