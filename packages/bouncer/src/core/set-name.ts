const FAMILIES = ['inet', 'ip', 'ip6'] as const;

/** A family of tables whose sets can hold addresses of senders. */
export type TableFamily = (typeof FAMILIES)[number];

/** Where a set of the administrator's own ruleset is. */
export interface SetName {
  readonly family: TableFamily;
  readonly table: string;
  readonly set: string;
}

/** What nft takes as a name, and no more than the kernel does in any version. */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,30}$/;

/**
 * Reads "inet filter mysshset": family, table and set, as nft writes them.
 * @returns the name, or a sentence that says what is wrong with the text
 */
export function parseSetName(text: string): SetName | string {
  const [familyText, table = '', set = '', ...rest] = text.trim().split(/ +/);
  const family = FAMILIES.find((known) => known === familyText);
  if (family === undefined || rest.length > 0 || set === '')
    return `"${text}" is no set such as "inet filter mysshset": family (${FAMILIES.join(', ')}), table, name`;
  const wrong = [table, set].find((name) => !NAME.test(name));
  return wrong === undefined
    ? { family, table, set }
    : `"${wrong}" is no name that can be used here: 1 to 31 letters, digits, "_", "." or "-", the first a letter`;
}

export function formatSetName({ family, table, set }: SetName): string {
  return `${family} ${table} ${set}`;
}
