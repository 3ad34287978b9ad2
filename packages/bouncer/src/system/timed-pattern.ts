import { createContext, Script } from 'node:vm';
import type { ArgumentPattern } from '../core/policy.js';

/** Milliseconds after which a pattern that is still looking does not match. */
const LIMIT = 50;

/** Tries of a pattern that had no time to look, since the machine was busy elsewhere. */
const MOST_TRIES = 10;

const context: { pattern?: RegExp; text?: string } = {};
const script = new Script('pattern.test(text)');
createContext(context);

/**
 * A regular expression that gives up. Some patterns take for ever with some texts, and the text is the
 * client's: without a limit, one packet could make the daemon deaf.
 */
export function timedPattern(pattern: RegExp): ArgumentPattern {
  return {
    test(text) {
      Object.assign(context, { pattern, text });
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const before = process.cpuUsage();
        const result = tryOnce();
        if (result !== undefined) return result;
        const { user, system } = process.cpuUsage(before);
        if (user + system > (LIMIT * 1_000) / 2) return false;
      }
      return false;
    },
  };
}

/** @returns `undefined` if the time was up */
function tryOnce(): boolean | undefined {
  try {
    return script.runInContext(context, { timeout: LIMIT }) === true;
  } catch (error) {
    // The error comes from the other context, and is no instance of our Error.
    const { code } = error as { code?: unknown };
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}
