import { Refusal } from '../core/refusal.js';
import { EXIT_CODE, type ExitCode } from './exit-code.js';
import { say } from './say.js';

/** Carries a command out, or tells why not. @returns what the process ends with */
export async function carryOut(work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    return report(error);
  }
}

/** Tells why a command was not carried out. @returns what the process ends with */
export function report(error: unknown): ExitCode {
  if (!(error instanceof Refusal)) {
    say(withoutSecrets(`internal error: ${error instanceof Error ? error.message : String(error)}`));
    return EXIT_CODE.internal;
  }
  for (const { sentence, hint } of error.problems) {
    say(withoutSecrets(sentence));
    if (hint !== undefined) say(withoutSecrets(`hint: ${hint}`));
  }
  return EXIT_CODE[error.kind];
}

/**
 * A refusal quotes what it refuses. If somebody put a seed where a name belongs, or half of one, or a bundle,
 * it must not get into a log.
 */
function withoutSecrets(line: string): string {
  return line
    .replaceAll(/[0-9a-f]{32,}/gi, ({ length }) => `(${length} hexadecimal digits)`)
    .replaceAll(/[\w-]{64,}/g, ({ length }) => `(${length} characters)`);
}
