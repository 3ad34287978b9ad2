import { SERVER_ID_MAX_SIZE } from './constants.js';
import { ProtocolError } from './protocol-error.js';

declare const brand: unique symbol;

/** Names a server in every packet meant for it: 1 to 64 of `A-Z a-z 0-9 . _ -` (PROTOCOL.md section 2). */
export type ServerId = string & { readonly [brand]: 'ServerId' };

/**
 * Checks a text that is meant as a server id.
 * @throws {ProtocolError} if it is empty, too long or has another character
 */
export function serverId(text: string): ServerId {
  if (text.length === 0 || text.length > SERVER_ID_MAX_SIZE) {
    throw new ProtocolError(`server id expected 1 to ${SERVER_ID_MAX_SIZE} characters, got ${text.length}`);
  }
  if (!/^[A-Za-z0-9._-]+$/.test(text)) {
    throw new ProtocolError('server id expected only letters, digits, "." "_" and "-"');
  }
  return text as ServerId;
}
