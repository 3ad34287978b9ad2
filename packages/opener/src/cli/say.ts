let said = false;

/** Whether anything was said, which may be on its way still: not everywhere is writing done at once. */
export function hasSaid(): boolean {
  return said;
}

/**
 * Writes lines to standard error, each after the command's name.
 * Nobody is left to be told if that fails, so then it is silent.
 */
export function say(...lines: readonly string[]): void {
  said = true;
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => undefined);
  // Names of files and keys of profiles can hold anything; a terminal shall not obey them.
  process.stderr.write(lines.map((line) => `opener: ${line.replaceAll(/\p{Cc}/gu, '?')}\n`).join(''));
}
