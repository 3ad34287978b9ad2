import type { Spread } from '../statistics.js';
import { colour, line, linear, logarithmic, plain, round, svg, text, type Frame } from './svg.js';

export interface Box {
  readonly label: string;
  readonly spread: Spread;
}

const ROW = 34;

/** A line a row: least to most, a box for the middle half, a bar for the median, which is written beside it. */
export function boxes(title: string, unit: string, rows: readonly Box[], scaling: 'linear' | 'log'): string {
  const height = 34 + rows.length * ROW + 48;
  const frame: Frame = { width: 760, height, left: 210, right: 80, top: 34, bottom: 48 };
  const from = frame.left;
  const to = frame.width - frame.right;
  const ends = rows.flatMap(({ spread }) => [spread.min, spread.max]);
  const scale = scaling === 'log' ? logarithmic(ends, from, to) : linear(Math.max(...ends), from, to);
  const bottom = frame.height - frame.bottom;
  const axis = scale.ticks.flatMap((tick) => [
    line(scale.place(tick), frame.top, scale.place(tick), bottom, 'class="grid"'),
    text(scale.place(tick), bottom + 16, plain(tick), 'middle'),
  ]);
  const drawn = rows.flatMap(({ label, spread }, index) => {
    const y = frame.top + (index + 0.5) * ROW;
    const [min, q1, median, q3, max] = [spread.min, spread.q1, spread.median, spread.q3, spread.max].map(
      scale.place,
    ) as [number, number, number, number, number];
    const ink = colour(index);
    return [
      text(from - 10, y + 4, label, 'end'),
      line(min, y, max, y, `stroke="${ink}" stroke-width="2"`),
      `<rect x="${round(q1)}" y="${y - 8}" width="${round(Math.max(1, q3 - q1))}" height="16" fill="${ink}" fill-opacity="0.5"/>`,
      line(median, y - 11, median, y + 11, `stroke="${ink}" stroke-width="3"`),
      text(max + 8, y + 4, plain(spread.median)),
    ];
  });
  const label = `${unit}${scaling === 'log' ? ', logarithmic' : ''}: least, quartiles, median (written), most`;
  return svg(frame, title, [
    ...axis,
    line(from, bottom, to, bottom, 'class="axis"'),
    ...drawn,
    text((from + to) / 2, bottom + 36, label, 'middle'),
  ]);
}
