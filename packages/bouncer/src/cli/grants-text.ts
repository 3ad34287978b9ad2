import type { GrantView } from '../core/grant-view.js';
import { spanText } from './span.js';
import type { Style } from './style.js';
import { tableText, type Cell } from './table.js';

/** Grants for a person to read, the one that ends first at the top. */
export function grantsText(grants: readonly GrantView[], style: Style): string {
  if (grants.length === 0) return 'no grants\n';
  const titles = ['ID', 'CLIENT', 'ACTION', 'ADDRESS', 'LEFT', 'STATE'];
  const rows = [...grants]
    .sort((a, b) => a.seconds - b.seconds)
    .map(({ id, client, action, address, seconds, state, failure }): Cell[] => {
      const cell: Cell = state === 'failing' ? ['bad', `failing: ${failure ?? 'unknown'}`] : state;
      return [id, client, action, address, spanText(seconds), cell];
    });
  return tableText([titles.map((title): Cell => ['strong', title]), ...rows], style);
}
