import type { Grant, GrantTable } from '../core/grants.js';
import type { GrantJournal } from './grant-journal.js';

/**
 * Takes up what other gateways have begun or extended: into the table, and onto the disk.
 * @param isClosing whether a grant of ours is over, and being closed
 * @param isLive whether what was told still holds now that it is our turn
 * @returns those of which there was news, as they are here now
 */
export function adopt(
  grants: readonly Grant[],
  table: GrantTable,
  journal: GrantJournal,
  isClosing: (id: string) => boolean,
  isLive: (grant: Grant) => boolean,
): Promise<readonly Grant[]> {
  return journal.inTurn(async () => {
    const news = grants.filter(isLive).flatMap((grant) => {
      const ours = table.get(grant.id);
      if (ours === undefined) return grant;
      if (isClosing(ours.id) || !isSame(ours, grant)) return [];
      return ours.end.monotonic < grant.end.monotonic ? { ...ours, end: grant.end } : [];
    });
    for (const grant of news) table.put(grant);
    await journal.write({ put: news });
    return news;
  });
}

/** Two gateways can draw the same id for different things, if hardly ever. */
function isSame(a: Grant, b: Grant): boolean {
  return a.client === b.client && a.action === b.action;
}
