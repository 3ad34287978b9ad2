import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ReadStream } from 'node:tty';

/**
 * Asks at the terminal, whatever standard input is, for a line that is not shown. As opener does, for other
 * systems too; the two share no package but that of the protocol, where nothing is read or written.
 * @returns the line; `undefined` if there is no terminal, or the question was left with Ctrl-C or Ctrl-D
 */
export async function askHidden(question: string): Promise<string | undefined> {
  let terminal;
  try {
    terminal = new ReadStream(openSync('/dev/tty', 'r+'));
  } catch {
    // Not run from a terminal: there is nobody to ask.
    return undefined;
  }
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const reader = createInterface({ input: terminal, output: nowhere, terminal: true });
  // Only now, when the terminal shows no longer what is typed.
  process.stderr.write(question);
  try {
    return await new Promise((resolve) => {
      reader.once('line', resolve);
      reader.once('SIGINT', () => {
        resolve(undefined);
      });
      reader.once('close', () => {
        resolve(undefined);
      });
    });
  } finally {
    reader.close();
    terminal.destroy();
    process.stderr.write('\n');
  }
}
