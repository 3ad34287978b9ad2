import { expect } from 'chai';
import { encode } from 'uqr';
import { drawQr } from '@bouncer-spa/bouncer/dist/core/qr-text.js';

/** What each character shows of the upper and of the lower module: light or not (Unicode, Block Elements). */
const SHOWS: Readonly<Record<string, readonly [boolean, boolean]>> = {
  ' ': [false, false],
  '▀': [true, false],
  '▄': [false, true],
  '█': [true, true],
};

/** Light modules that have to be around a code (ISO/IEC 18004 section 5.3.8). */
const QUIET = 4;

/** Whether each module of a drawing is light, row by row, as a camera would see it. */
function seen(drawing: string): boolean[][] {
  return drawing.split('\n').flatMap((line) => {
    const halves = Array.from(line, (character) => {
      const shown = SHOWS[character];
      if (shown === undefined) throw new Error(`${JSON.stringify(character)} is no half block`);
      return shown;
    });
    return [halves.map(([upper]) => upper), halves.map(([, lower]) => lower)];
  });
}

/** The dark modules of a matrix; asking for one that it has not is an error. */
function darkIn(matrix: readonly (readonly boolean[])[]) {
  return (row: number, column: number) => {
    const dark = matrix[row]?.[column];
    if (dark === undefined) throw new RangeError(`there is no module ${row}, ${column}`);
    return dark;
  };
}

describe('drawQr', () => {
  for (const text of ['bouncer', `bouncer:${'Ab3-_'.repeat(60)}`]) {
    it(`shows a code of ${text.length} characters module for module, light ones around it, and no more`, () => {
      const { data, size } = encode(text, { border: 0 });
      const light = new Array<boolean>(size + 2 * QUIET).fill(true);
      const margin = new Array<boolean>(QUIET).fill(true);
      const rows = data.map((row) => [...margin, ...row.map((dark) => !dark), ...margin]);
      const around = new Array<boolean[]>(QUIET).fill(light);
      // A code has an odd number of rows: of the last line, the lower half is not part of it.
      const beyond = light.map(() => false);
      const drawing = drawQr(darkIn(data), size, false);
      expect(drawing.at(-1)).to.equal('\n');
      expect(seen(drawing.slice(0, -1))).to.deep.equal([...around, ...rows, ...around, beyond]);
    });
  }

  it('draws two rows a line, the light halves of each column', () => {
    const matrix = [
      [true, true, false, false],
      [true, false, true, false],
      [false, false, false, false],
      [true, true, true, true],
    ];
    expect(drawQr(darkIn(matrix), 4, false)).to.equal(
      [
        '████████████',
        '████████████',
        '████ ▄▀█████',
        '████▀▀▀▀████',
        '████████████',
        '████████████',
        '',
      ].join('\n'),
    );
  });

  it('tells a terminal in each line to show it white on black, and to end that with it', () => {
    const { data, size } = encode('bouncer', { border: 0 });
    const plain = drawQr(darkIn(data), size, false).trimEnd().split('\n');
    // Select Graphic Rendition (ECMA-48 section 8.3.117): black behind, white and bold; then what was before.
    const told = plain.map((line) => `\u001b[40;37;1m${line}\u001b[0m\n`);
    expect(drawQr(darkIn(data), size, true)).to.equal(told.join(''));
  });
});
