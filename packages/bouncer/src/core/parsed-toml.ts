import { parse, TomlError, type TomlTable } from 'smol-toml';

/** What a text says; `undefined` if it is not TOML, for those who need not know why. */
export function parsedToml(text: string): TomlTable | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return undefined;
  }
}
