const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Longest duration in seconds, what the packet's field holds (PROTOCOL.md section 5). */
const LONGEST = 0xffff_ffff;

/** Reads "30s", "10m", "1h" or "7d" as seconds, 1 to 2^32 - 1; `undefined` if the text is none. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,10})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (SECONDS[unit] ?? 0);
  return seconds >= 1 && seconds <= LONGEST ? seconds : undefined;
}
