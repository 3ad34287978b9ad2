import type { Submission } from '../core/submission.js';
import { ask, CONTROL_OPTIONS } from './ask.js';
import { defineCommand, expectNoWords } from './command.js';
import { ExitCode } from './exit-code.js';

/** Characters of standard input that are read: a packet has some 700. */
const MOST_INPUT = 4_096;

export const command = defineCommand({
  usage: 'bouncer submit [OPTIONS] < PACKET',
  about: `Hands the running daemon a packet that came by another way than UDP, such as by
mail: base64 on standard input, as "opener --print" writes it. It is judged like
any other, but may be as old as [submit] max_age says, and its client needs bind
= "any".`,
  options: CONTROL_OPTIONS,
  examples: ['opener home ssh --allow 192.0.2.7 --print | bouncer submit'],
  async run(values, words) {
    expectNoWords(words);
    const body = await readInput();
    return ask(values, { method: 'POST', target: '/submit', body }, ({ body: answer }) => {
      const submission = answer as Submission;
      if (submission.decision === 'accept') {
        const { client, action, address } = submission;
        process.stdout.write(`accepted: ${client} ${action} for ${address}\n`);
        return ExitCode.success;
      }
      console.error(`bouncer: rejected: ${submission.text}`);
      // There is no source that could stand for it.
      if (submission.reason === 'address') {
        console.error('Try: opener --allow ADDRESS, which names one, and bind = "any" for the client');
      }
      return ExitCode.failure;
    });
  },
});

async function readInput(): Promise<string> {
  let text = '';
  for await (const piece of process.stdin.setEncoding('latin1') as AsyncIterable<string>) {
    text += piece;
    if (text.length > MOST_INPUT) break;
  }
  return text;
}
