/** Size of a plot in user units, and what lies around its area. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A value's place on an axis, and the values that are written beside it. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Readable on white and on black; the page's own background shines through. */
const STYLE = `text { font: 12px system-ui, sans-serif; fill: #333; }
.title { font-size: 14px; font-weight: 600; }
.axis { stroke: #888; } .grid { stroke: #8883; }
@media (prefers-color-scheme: dark) { text { fill: #ddd; } }`;

/** Told apart also by who sees no red or green; on both backgrounds. */
export const COLOURS = [
  '#2a7de1',
  '#e07b00',
  '#1a9e77',
  '#c8508e',
  '#8a6fd1',
  '#8a8a8a',
  '#b8960c',
  '#3fb0c9',
  '#a0522d',
] as const;

export function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? COLOURS[0];
}

export function svg({ width, height }: Frame, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">
<title>${escape(title)}</title>
<style>${STYLE}</style>
${text(12, 20, title, 'start', 'title')}
${parts.join('\n')}
</svg>
`;
}

export function text(
  x: number,
  y: number,
  words: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
  name = '',
): string {
  const attributes = name === '' ? '' : ` class="${name}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${attributes}>${escape(words)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;
}

/** @param from where the smallest value is, @param to where the largest is, in user units */
export function linear(most: number, from: number, to: number): Scale {
  const step = niceStep(most / 5);
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  const place = (value: number): number => from + (value / (count * step)) * (to - from);
  return { place, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

/** Powers of ten around the values, all of which are above zero. */
export function logarithmic(values: readonly number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const place = (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { place, ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)) };
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((digit) => digit * power >= least) ?? 10) * power;
}

/** A number as short as it can be told. */
export function plain(value: number): string {
  return value !== 0 && Math.abs(value) < 0.001
    ? value.toExponential(0)
    : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
