import { askHidden } from '../system/hidden-prompt.js';
import { readTrustedFile } from '../system/trusted-file.js';
import { Failure } from './failure.js';
import { UsageError } from './usage-error.js';

const MOST_BYTES = 1024;

/** What the command line says about a passphrase. */
export interface PassphraseOptions {
  readonly passphrase?: boolean | undefined;
  readonly 'passphrase-file'?: string | undefined;
}

/**
 * The passphrase that a bundle is to need; `undefined` if it needs none. It never comes from the
 * command line, which every user of the machine can see.
 * @throws {Failure} if there is none where it was to come from
 */
export async function choosePassphrase(options: PassphraseOptions): Promise<string | undefined> {
  const file = options['passphrase-file'];
  if (file === undefined) return options.passphrase === true ? ask() : undefined;
  if (options.passphrase === true) {
    throw new UsageError('--passphrase and --passphrase-file exclude each other');
  }
  const text = await readTrustedFile(file, 'secret', MOST_BYTES);
  if (typeof text !== 'string') throw new Failure(`${file} ${text.refusal}`);
  const line = text.replace(/\r?\n$/, '');
  if (line === '' || /[\r\n]/.test(line)) throw new Failure(`${file} expected one line, the passphrase`);
  return line;
}

async function ask(): Promise<string> {
  const first = await answerTo('passphrase of the bundle: ');
  if (first === '') throw new Failure('an empty passphrase protects nothing; nothing was changed');
  const second = await answerTo('the same again: ');
  if (first !== second) throw new Failure('the two passphrases differ; nothing was changed');
  return first;
}

async function answerTo(question: string): Promise<string> {
  const answer = await askHidden(question);
  if (answer !== undefined) return answer;
  throw new Failure('no passphrase was given: without a terminal, use --passphrase-file FILE');
}
