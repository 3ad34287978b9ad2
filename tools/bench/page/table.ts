import { spread } from '../statistics.js';

/** A table in Markdown; all columns but the first stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(row)].join(
    '\n',
  );
}

/** Three significant digits, more only where the number has them before the point. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return 'not measured';
  if (value === 0) return '0';
  const digits = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** The median, and from the least to the most. */
export function medianAndRange(values: readonly number[] | undefined): string {
  if (values === undefined || values.length === 0) return '–';
  const { median, min, max } = spread(values);
  return values.length === 1 ? figure(median) : `${figure(median)} (${figure(min)} – ${figure(max)})`;
}

export function count(value: number): string {
  return value.toLocaleString('en');
}
