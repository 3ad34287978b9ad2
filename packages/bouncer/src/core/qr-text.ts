/** Light modules around the code, on each side (ISO/IEC 18004 section 5.3.8). */
const QUIET = 4;

/** Light on dark whatever the terminal's own colours are. */
const COLOURS = { begin: '\u001b[40;37;1m', end: '\u001b[0m' } as const;

const HALVES = { none: ' ', upper: '▀', lower: '▄', both: '█' } as const;

/**
 * Draws a QR code, two rows of modules a line. What is drawn is the light part.
 * @param dark whether the module of a row and column is dark
 * @param size modules on a side
 * @param colours whether the output is a terminal, which is told the colours
 */
export function drawQr(
  dark: (row: number, column: number) => boolean,
  size: number,
  colours: boolean,
): string {
  const light = (row: number, column: number) =>
    row < 0 || column < 0 || row >= size || column >= size || !dark(row, column);
  const lines: string[] = [];
  for (let row = -QUIET; row < size + QUIET; row += 2) {
    let line = '';
    for (let column = -QUIET; column < size + QUIET; column += 1) {
      const upper = light(row, column);
      const lower = row + 1 < size + QUIET && light(row + 1, column);
      line += upper ? (lower ? HALVES.both : HALVES.upper) : lower ? HALVES.lower : HALVES.none;
    }
    lines.push(colours ? `${COLOURS.begin}${line}${COLOURS.end}` : line);
  }
  return `${lines.join('\n')}\n`;
}
