import { parseAddress } from './address.js';
import type { GrantTarget } from './grant-view.js';
import type { Grant, GrantTable } from './grants.js';

/** The live grants that are meant. */
export function chosenBy(target: GrantTarget, table: GrantTable): Grant[] {
  if (target === 'all') return table.all();
  if ('client' in target) return table.ofClient(target.client);
  if ('address' in target) return table.ofAddress(target.address);
  if ('name' in target) return named(target.name, table);
  return [table.get(target.id) ?? []].flat();
}

function named(name: string, table: GrantTable): Grant[] {
  const address = parseAddress(name);
  const found = [{ id: name }, ...(address === undefined ? [] : [{ address }])]
    .map((target) => chosenBy(target, table))
    .find((grants) => grants.length > 0);
  return found ?? table.ofClient(name);
}
