import { resolve } from 'node:path';
import { ProtocolError, type GateKey, type Seed } from '@bouncer-spa/protocol';
import { readTrustedFile } from './trusted-file.js';

/** 64 digits, a line feed, and room to say what else is there. */
const MOST_BYTES = 1024;

/**
 * Reads a seed or gate key from the file that a key of the config names.
 * @param folder that the name is relative to
 * @param complain is told what is wrong, never a secret
 */
export async function readSecret<Secret extends Seed | GateKey>(
  folder: string,
  path: string,
  key: string,
  parseSecret: (text: string) => Secret,
  complain: (key: string, reason: string) => void,
): Promise<Secret | undefined> {
  if (/^[0-9a-f]{64}$/i.test(path)) {
    complain(
      key,
      'expected the name of a file, got what looks like a secret itself: make a new one, in a file',
    );
    return undefined;
  }
  const file = resolve(folder, path);
  const text = await readTrustedFile(file, 'secret', MOST_BYTES);
  if (typeof text !== 'string') {
    complain(key, `${file} ${text.refusal}`);
    return undefined;
  }
  try {
    return parseSecret(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    complain(key, `${file}: ${error.message}`);
    return undefined;
  }
}
