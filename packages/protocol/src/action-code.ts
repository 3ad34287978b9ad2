import { ProtocolError } from './protocol-error.js';

declare const brand: unique symbol;

/** The server's number for an action, 0 to 65535 (PROTOCOL.md section 2). */
export type ActionCode = number & { readonly [brand]: 'ActionCode' };

const LARGEST_CODE = 0xffff;

/**
 * Checks a number that is meant as an action code.
 * @throws {ProtocolError} if it is not an integer from 0 to 65535
 */
export function actionCode(value: number): ActionCode {
  if (!Number.isInteger(value) || value < 0 || value > LARGEST_CODE) {
    throw new ProtocolError(`action code expected an integer from 0 to ${LARGEST_CODE}, got ${value}`);
  }
  return value as ActionCode;
}
