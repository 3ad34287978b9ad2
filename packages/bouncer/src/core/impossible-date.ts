/** A date behind a key, in a line of TOML. */
const DATE = /^[^#"'=]*=\s*((\d{4})-(\d{2})-(\d{2}))/;

/**
 * Finds a date that no calendar has. The parser of TOML takes 30 February for a day of March, and a
 * client would have two days more than its administrator can have meant.
 * @returns the first one, and the number of its line, from 1
 */
export function impossibleDate(toml: string): { readonly date: string; readonly line: number } | undefined {
  // Of a large file of clients, the lines need not be looked at one by one.
  if (!/=\s*\d{4}-/.test(toml)) return undefined;
  for (const [index, text] of toml.split('\n').entries()) {
    const [, date, year, month, day] = DATE.exec(text) ?? [];
    if (date === undefined) continue;
    const meant = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    // A day that the month does not have is one of another month.
    if (meant.getUTCMonth() !== Number(month) - 1) return { date, line: index + 1 };
  }
  return undefined;
}
