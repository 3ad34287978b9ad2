import { parsePortRange, type PortRange } from '@bouncer-spa/bouncer/dist/core/port-range.js';

/** Port ranges from their texts, which are right. */
export function ranges(...texts: string[]): PortRange[] {
  return texts.map((text) => {
    const range = parsePortRange(text);
    if (typeof range === 'string') throw new Error(range);
    return range;
  });
}
