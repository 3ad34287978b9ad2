import { createContext, Script } from 'node:vm';
import type { ArgumentPattern } from '../core/policy.js';

/** Milliseconds after which a pattern that is still looking does not match. */
const LIMIT = 50;

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
      try {
        return script.runInContext(context, { timeout: LIMIT }) === true;
      } catch (error) {
        // The error comes from the other context, and is no instance of our Error.
        const { code } = error as { code?: unknown };
        if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
        throw error;
      }
    },
  };
}
