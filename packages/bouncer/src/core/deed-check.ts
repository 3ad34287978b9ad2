import type { Problem } from './config-problem.js';

/** What an action can do: one of these. */
const DEEDS = ['run', 'allow', 'set'] as const;

/** Keys that mean nothing without another one. */
const NEEDS: readonly (readonly [key: string, needed: string, why: string])[] = [
  ['stop', 'run', 'which it undoes'],
  ['timeout', 'run', 'whose time it limits'],
  ['argument', 'run', 'which it is passed to'],
  ['stop', 'for', 'after which it runs'],
  ['allow', 'for', 'after which it ends'],
  ['set', 'for', 'after which it ends'],
  ['max', 'for', 'the duration when none is asked for'],
];

/** Checks which keys of an action are there, whatever they say: what belongs together, and what excludes what. */
export function checkDeedKeys(key: string, table: Readonly<Record<string, unknown>>): Problem[] {
  const deeds = DEEDS.filter((deed) => deed in table);
  const [first, second] = deeds;
  const names = DEEDS.map((deed) => `"${deed}"`).join(', ');
  if (first === undefined) return [{ key, reason: `does nothing: it needs one of ${names}` }];
  if (second !== undefined) {
    return [{ key: `${key}.${second}`, reason: `"${first}" is there too; an action has one of ${names}` }];
  }
  return NEEDS.filter(([name, needed]) => name in table && !(needed in table)).map(([name, needed, why]) => ({
    key: `${key}.${name}`,
    reason: `needs "${needed}", ${why}`,
  }));
}
