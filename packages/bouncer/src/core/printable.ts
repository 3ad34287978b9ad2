/** A text of somebody else as a terminal may be shown it: no character that it would obey. */
export function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?');
}
