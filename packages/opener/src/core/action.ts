import { actionCode, ProtocolError, type ActionCode } from '@bouncer-spa/protocol';
import type { Door } from './door.js';
import { quoted } from './quote.js';
import { Refusal } from './refusal.js';

/** What a profile knows of one of the server's actions. */
export interface KnownAction {
  readonly code: ActionCode;
  /** What the action opens for the client; the first is the one to wait for. */
  readonly opens: readonly Door[];
  /** Seconds to ask for unless the command line says otherwise; `undefined` means the action's own. */
  readonly duration: number | undefined;
}

/** The profile's actions by the names that it gives them. */
export type ActionNames = ReadonlyMap<string, KnownAction>;

/** What is asked of the server. */
export interface Action extends KnownAction {
  /** The profile's name for the code, if it has one. */
  readonly name: string | undefined;
}

/** Whether a text is to be read as an action code: digits only. A name never is. */
export function isCode(text: string): boolean {
  return /^\d+$/.test(text);
}

/**
 * Finds an action by its code or by its name.
 * @throws {Refusal} if the code is not 0 to 65535, or no action has that name
 */
export function findAction(text: string, names: ActionNames): Action {
  if (isCode(text)) {
    const code = parseCode(text);
    for (const [name, action] of names) if (action.code === code) return { ...action, name };
    return { code, name: undefined, opens: [], duration: undefined };
  }
  const action = names.get(text);
  if (action === undefined) {
    throw new Refusal('usage', { sentence: `unknown action ${quoted(text)}`, hint: hintAt(names) });
  }
  return { ...action, name: text };
}

/** Which actions there are to choose from. */
export function hintAt(names: ActionNames): string {
  if (names.size === 0) return 'the profile names no actions; give the code as a number';
  return `the profile's actions are ${[...names.keys()].map(showName).join(', ')}`;
}

function showName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : quoted(name);
}

function parseCode(digits: string): ActionCode {
  try {
    return actionCode(Number(digits));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Refusal('usage', { sentence: error.message });
  }
}

/** The name of the first action that opens a port; nothing if none says that it does. */
export function actionOpening(
  protocol: Door['protocol'],
  port: number,
  names: ActionNames,
): string | undefined {
  for (const [name, { opens }] of names) {
    if (opens.some((door) => door.protocol === protocol && door.first <= port && port <= door.last))
      return name;
  }
  return undefined;
}
