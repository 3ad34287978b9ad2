import { ask, CONTROL_OPTIONS } from './ask.js';
import { defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';

export const command = defineCommand({
  usage: 'bouncer reload [OPTIONS]',
  about: `Has the running daemon read its config again, waits, and says what came of it.
If anything is wrong with the config, the old one goes on. What was accepted is
not touched.`,
  options: CONTROL_OPTIONS,
  examples: ['bouncer reload'],
  async run(values, words) {
    expectNoWords(words);
    return ask(values, { method: 'POST', target: '/reload' }, ({ body }) => {
      const { problems } = body as { readonly problems: readonly string[] };
      if (problems.length === 0) {
        process.stdout.write('config reloaded\n');
        return ExitCode.success;
      }
      for (const problem of problems) console.error(problem);
      console.error('bouncer: config not reloaded, the old one goes on');
      return ExitCode.failure;
    });
  },
});
