import { resumed, type Grant } from '../core/grants.js';
import type { Moment } from '../core/moment.js';
import type { Finding } from './grant-events.js';
import type { StoredGrant } from './grant-record.js';
import type { LeaseFolder } from './lease-folder.js';
import type { StoreContent } from './replay-content.js';

/** What is known of grants at a start. */
export interface Revival {
  /** Those that go on, on the clocks of now, and when the `run` of a lease was begun: since the machine was started, or before. */
  readonly grants: readonly { readonly grant: Grant; readonly begun: 'now' | 'before' }[];
  /** Ids of those that do not. */
  readonly over: readonly string[];
  readonly findings: readonly (readonly [Grant | string, Finding])[];
}

/**
 * Puts together what the store and the folder of leases know. A lease whose `run` was not begun is
 * over: what it would undo was not done. After the machine was started again nobody can tell, and it goes on.
 */
export function revive(content: StoreContent, folder: LeaseFolder, now: Moment): Revival {
  const findings: [Grant | string, Finding][] = [];
  const stored = new Map(content.grants.map((known) => [known.grant.id, known]));
  for (const id of folder.ids()) {
    if (stored.has(id)) continue;
    if (!content.damaged) folder.remove(id);
    else if (folder.begun(id, 'run') !== undefined) {
      const salvaged = folder.grant(id);
      if (salvaged !== undefined) stored.set(id, salvaged);
      findings.push(salvaged === undefined ? [id, 'lost'] : [salvaged.grant, 'salvaged']);
    }
  }
  const isBegun = ({ grant, sameBoot }: StoredGrant): boolean =>
    grant.means.kind === 'open' || !sameBoot || folder.begun(grant.id, 'run') !== undefined;
  const all = [...stored.values()];
  const over = all.filter((known) => !isBegun(known)).map(({ grant }) => grant);
  return {
    grants: all.filter(isBegun).map(({ grant, sameBoot }) => ({
      grant: resumed(grant, now, sameBoot),
      begun: sameBoot ? 'now' : 'before',
    })),
    over: over.map(({ id }) => id),
    findings: [...findings, ...over.map((grant) => [grant, 'not begun'] as const)],
  };
}
