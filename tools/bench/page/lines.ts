import { colour, line, linear, logarithmic, plain, round, svg, text, type Frame } from './svg.js';

export interface Series {
  readonly label: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  /** Median, and the least and most around it. */
  readonly y: number;
  readonly least: number;
  readonly most: number;
}

export interface Axes {
  readonly x: string;
  readonly y: string;
  readonly yScale: 'linear' | 'log';
}

const FRAME: Frame = { width: 800, height: 420, left: 70, right: 310, top: 40, bottom: 56 };
const LEGEND_ROW = 20;

/** Lines through medians with whiskers from the least to the most; the x axis is logarithmic. */
export function lines(title: string, axes: Axes, all: readonly Series[]): string {
  const { width, height, left, right, top, bottom } = FRAME;
  const [x1, x2, y1, y2] = [left, width - right, height - bottom, top];
  const points = all.flatMap((series) => series.points);
  const x = logarithmic(
    points.map((point) => point.x),
    x1,
    x2,
  );
  // A logarithm has no place for what cost nothing.
  const positive = points.flatMap(({ least, most }) => [least, most]).filter((value) => value > 0);
  const y = axes.yScale === 'log' ? logarithmic(positive, y1, y2) : linear(Math.max(...positive), y1, y2);
  const lowest = y.ticks[0] ?? 0;
  const yOf = (value: number): number => y.place(Math.max(value, lowest));
  const grid = [
    ...[...new Set(points.map((point) => point.x))].flatMap((tick) => [
      line(x.place(tick), y1, x.place(tick), y2, 'class="grid"'),
      text(x.place(tick), y1 + 18, tick.toLocaleString('en'), 'middle'),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(x1, y.place(tick), x2, y.place(tick), 'class="grid"'),
      text(x1 - 8, y.place(tick) + 4, plain(tick), 'end'),
    ]),
  ];
  const drawn = all.flatMap((series, index) => {
    const ink = colour(index);
    const path = series.points.map((point) => `${round(x.place(point.x))},${round(yOf(point.y))}`).join(' ');
    const dash = index % 2 === 0 ? '' : ' stroke-dasharray="6 3"';
    const legendY = top + 10 + index * LEGEND_ROW;
    return [
      `<polyline points="${path}" fill="none" stroke="${ink}" stroke-width="2"${dash}/>`,
      ...series.points.flatMap((point) => [
        line(x.place(point.x), yOf(point.least), x.place(point.x), yOf(point.most), `stroke="${ink}"`),
        `<circle cx="${round(x.place(point.x))}" cy="${round(yOf(point.y))}" r="3.5" fill="${ink}"/>`,
      ]),
      line(x2 + 16, legendY - 4, x2 + 40, legendY - 4, `stroke="${ink}" stroke-width="2"${dash}`),
      text(x2 + 46, legendY, series.label),
    ];
  });
  const middle = (y1 + y2) / 2;
  return svg(FRAME, title, [
    ...grid,
    line(x1, y1, x2, y1, 'class="axis"'),
    line(x1, y1, x1, y2, 'class="axis"'),
    ...drawn,
    text((x1 + x2) / 2, y1 + 42, `${axes.x}, logarithmic`, 'middle'),
    `<g transform="rotate(-90 18 ${middle})">${text(18, middle, axes.y + (axes.yScale === 'log' ? ', logarithmic' : ''), 'middle')}</g>`,
  ]);
}
