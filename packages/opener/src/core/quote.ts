/** Text from outside, in quotes and with its control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** One word of a shell command, so that hints can be copied. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
