/** How a word is meant, for those who see colours. */
export type Tone = 'good' | 'bad' | 'faint' | 'strong';

const CODES: Readonly<Record<Tone, string>> = { good: '32', bad: '31', faint: '2', strong: '1' };

/** Colours a word, or leaves it as it is. */
export type Style = (tone: Tone, text: string) => string;

export const plain: Style = (_tone, text) => text;

export const coloured: Style = (tone, text) => `\x1b[${CODES[tone]}m${text}\x1b[0m`;

/** Colours only where a person looks on, and has not declined (no-color.org). */
export function styleOf({ isTTY }: { readonly isTTY?: boolean }, environment = process.env): Style {
  const declined = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return isTTY === true && !declined ? coloured : plain;
}
