import { parse, TomlError } from 'smol-toml';
import type { Problem } from '../core/config-problem.js';
import { impossibleDate } from '../core/impossible-date.js';
import { readPlainToml } from '../core/plain-toml.js';
import { readTrustedFile, type Trust } from './trusted-file.js';

/** 100,000 clients of a few lines each fit. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What could be read, or what is wrong with its file. */
export type Read<What> = What | { readonly problem: Problem };

/**
 * Reads a file of TOML that nobody else can change; of one that cannot be used, says what is wrong with it.
 * @param hintIfMissing what to do if there is no such file
 */
export async function readToml(
  file: string,
  trust: Trust,
  hintIfMissing?: string,
): Promise<Read<{ readonly toml: unknown }>> {
  const read = await readTomlText(file, trust, hintIfMissing);
  return 'problem' in read ? read : parseToml(file, read.text);
}

/** As {@link readToml}, but does not look at what is in the file. */
export async function readTomlText(
  file: string,
  trust: Trust,
  hintIfMissing?: string,
): Promise<Read<{ readonly text: string }>> {
  const text = await readTrustedFile(file, trust, MOST_BYTES);
  if (typeof text === 'string') return { text };
  const hint = text.isMissing === true && hintIfMissing !== undefined ? `: ${hintIfMissing}` : '';
  return { problem: { file, key: '', reason: `${text.refusal}${hint}` } };
}

/** @param file that the text is of */
export function parseToml(file: string, text: string): Read<{ readonly toml: unknown }> {
  let toml;
  try {
    toml = readPlainToml(text) ?? parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The message goes on with the lines of the file, which may hold a secret.
    const [, reason = 'is not TOML'] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
    return { problem: { file: `${file} line ${error.line}`, key: '', reason } };
  }
  const impossible = impossibleDate(text);
  if (impossible !== undefined) {
    const { date, line } = impossible;
    return { problem: { file: `${file} line ${line}`, key: '', reason: `there is no day ${date}` } };
  }
  return { toml };
}
