import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ReadStream } from 'node:tty';

/** Milliseconds within which each line of a paste follows the one before. */
const PASTE_GAP = 100;

/**
 * Asks at the terminal, also where standard input is something else, for a line that is not shown. As bouncer
 * does, on Linux; the two share no package but that of the protocol, where nothing is read or written.
 * @param isPasted whether several lines may come at once; the shell would get all but the first, and keep them
 * @returns the line, or the lines; nothing if there is no terminal, or the question was left with Ctrl-C or Ctrl-D
 */
export async function askHidden(question: string, isPasted = false): Promise<string | undefined> {
  const terminal = openTerminal();
  if (terminal === undefined) return undefined;
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
      const lines: string[] = [];
      let end: NodeJS.Timeout | undefined;
      reader.on('line', (line) => {
        if (!isPasted) {
          resolve(line);
          return;
        }
        lines.push(line);
        clearTimeout(end);
        end = setTimeout(() => {
          // The last line of a paste often has no end, until somebody gives it one.
          if (reader.line === '') resolve(lines.join('\n'));
        }, PASTE_GAP);
      });
      for (const event of ['SIGINT', 'close']) {
        reader.once(event, () => {
          resolve(undefined);
        });
      }
    });
  } finally {
    reader.close();
    // Standard input may be asked again.
    if (terminal !== process.stdin) terminal.destroy();
    process.stderr.write('\n');
  }
}

function openTerminal(): ReadStream | undefined {
  try {
    return new ReadStream(openSync('/dev/tty', 'r+'));
  } catch {
    // Not run from a terminal, or on a system that calls it otherwise.
    return process.stdin.isTTY ? process.stdin : undefined;
  }
}
