import { actionCode } from '@bouncer-spa/protocol';
import { isCode, type ActionNames, type KnownAction } from './action.js';
import { DOOR_FORM, parseDoor, type Door } from './door.js';
import { parseDuration } from './duration.js';
import { quoted } from './quote.js';
import { Refusal } from './refusal.js';
import { isTable, kindOf, readInteger, shownKey, type Complain, type Table } from './toml-table.js';

const KEYS = ['code', 'opens', 'for'];

const LARGEST_CODE = 0xffff;

/** The actions that a profile names; each mistake is complained about, and what has one is left out. */
export function readActions(table: Table, complain: Complain): ActionNames {
  const names = new Map<string, KnownAction>();
  const { actions } = table;
  if (actions === undefined) return names;
  if (!isTable(actions)) {
    complain('actions', `expected a table, got ${kindOf(actions)}`);
    return names;
  }
  for (const name of Object.keys(actions)) {
    const path = `actions.${shownKey(name)}`;
    if (name === '' || isCode(name)) {
      complain(path, 'expected a name that is not a number', 'a number always means an action code');
    }
    const action = readAction(actions, name, path, complain);
    if (action !== undefined) names.set(name, action);
  }
  return names;
}

/** An action in its short form, `ssh = 21`, or as a table. */
function readAction(actions: Table, name: string, path: string, complain: Complain): KnownAction | undefined {
  const value = actions[name];
  if (!isTable(value)) {
    const code = readInteger(actions, name, path, 0, LARGEST_CODE, complain);
    return code === undefined ? undefined : { code: actionCode(code), opens: [], duration: undefined };
  }
  for (const key of Object.keys(value)) {
    if (KEYS.includes(key)) continue;
    complain(`${path}.${shownKey(key)}`, 'unknown key', `the keys are ${KEYS.join(', ')}`);
  }
  const code = readInteger(value, 'code', `${path}.code`, 0, LARGEST_CODE, complain);
  const opens = readDoors(value, path, complain);
  const duration = readDuration(value, 'for', `${path}.for`, complain);
  if (!('code' in value)) complain(`${path}.code`, 'missing', "the server's administrator knows it");
  return code === undefined ? undefined : { code: actionCode(code), opens, duration };
}

function readDoors(action: Table, path: string, complain: Complain): Door[] {
  const { opens = [] } = action;
  if (!Array.isArray(opens)) {
    complain(`${path}.opens`, `expected an array, got ${kindOf(opens)}`, 'opens = ["tcp/22"]');
    return [];
  }
  return opens.flatMap((item: unknown) => {
    const door = typeof item === 'string' ? parseDoor(item) : undefined;
    if (door !== undefined) return [door];
    complain(
      `${path}.opens`,
      `expected ${DOOR_FORM}, got ${typeof item === 'string' ? quoted(item) : kindOf(item)}`,
    );
    return [];
  });
}

/**
 * The duration under a key; nothing, after a complaint, if it is anything else.
 * @param path what the key is called in the file as a whole
 * @returns seconds, 1 to 2^32 - 1
 */
export function readDuration(
  table: Table,
  key: string,
  path: string,
  complain: Complain,
): number | undefined {
  const value = table[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    complain(path, `expected a string, got ${kindOf(value)}`, `${key} = "30s"`);
    return undefined;
  }
  try {
    return parseDuration(value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    for (const { sentence, hint } of error.problems) complain(path, sentence, hint);
    return undefined;
  }
}
