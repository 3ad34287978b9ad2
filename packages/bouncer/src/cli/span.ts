const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A span of time in its two largest units, such as "3d 4h", "5m 10s" or "0s". */
export function spanText(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.length === 0
    ? '0s'
    : parts.filter((part, index) => index === 0 || !part.startsWith('0')).join(' ');
}

/** The time from one moment to another; both ISO 8601. */
export function spanBetween(from: string, to: string): string {
  return spanText((Date.parse(to) - Date.parse(from)) / 1_000);
}

/** How long before one moment the other was; both ISO 8601. */
export function agoText(time: string, now: string): string {
  return `${spanBetween(time, now)} ago`;
}
