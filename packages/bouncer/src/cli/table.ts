import type { Style, Tone } from './style.js';

/** A text in a column, with its tone. */
export type Cell = string | readonly [Tone, string];

/** Aligned columns, two spaces between them, a row a line. */
export function tableText(rows: readonly (readonly Cell[])[], style: Style): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, textOf(cell).length);
    });
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, index) => {
        const text = textOf(cell);
        const padding = index === row.length - 1 ? '' : ' '.repeat((widths[index] ?? 0) - text.length);
        return (typeof cell === 'string' ? text : style(cell[0], text)) + padding;
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell[1];
}
