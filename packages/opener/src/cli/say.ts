/**
 * Writes lines to standard error, each after the command's name.
 * Nobody is left to be told if that fails, so then it is silent.
 */
export function say(...lines: readonly string[]): void {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => undefined);
  // Names of files and keys of profiles can hold anything; a terminal shall not obey them.
  process.stderr.write(lines.map((line) => `opener: ${line.replaceAll(/\p{Cc}/gu, '?')}\n`).join(''));
}
