import { existsSync, readdirSync } from 'node:fs';
import type { Installation } from './installation.js';

/** What was running of leases when everything was killed; whether it had done its work nobody can tell. */
export interface Aftermath {
  /** Ids of the grants whose `run` it was. */
  readonly grants: readonly string[];
  /** Arguments of those, and of the leases whose `stop` it was. */
  readonly runs: readonly string[];
  readonly stops: readonly string[];
}

/** Reads the daemon's notes about the commands of leases. Nothing of it may be running. */
export function aftermathOf(installation: Installation): Aftermath {
  const folder = installation.path('state/leases');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const cut = (step: 'run' | 'stop'): string[] =>
    names
      .filter((name) => name.endsWith(`.${step}`))
      .filter((name) => installation.read(`state/leases/${name}.status`) === '')
      .map((name) => name.replace(`.${step}`, ''));
  const argument = (id: string): string =>
    /"argument":"([^"]*)"/.exec(installation.read(`state/leases/${id}.run`))?.[1] ?? '';
  const grants = cut('run');
  return { grants, runs: grants.map(argument), stops: cut('stop').map(argument) };
}
