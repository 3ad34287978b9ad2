import { createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Refusal } from '../core/refusal.js';
import { isSystemError, reasonOf } from './reason.js';

const STANDARD_OUTPUT = 1;

/**
 * Relays standard input to a connection and the connection to standard output until both have ended. Each
 * way ends by itself, and waits while its reader is slow.
 * @param connection allows to be half open
 * @throws {Refusal} if the connection or standard output breaks
 */
export async function relay(connection: Socket): Promise<void> {
  const output = standardOutput();
  // The far end is gone for good; whoever feeds this process need not be waited for.
  connection.once('close', () => process.stdin.destroy());
  process.stdin.pipe(connection);
  connection.pipe(output);
  const received = finished(output).catch((error: unknown) => {
    connection.destroy();
    throw refusal('standard output', error);
  });
  const connected = finished(connection).catch((error: unknown) => {
    output.end();
    // It has said all that it had to say, and then did not listen any more.
    if (!connection.readableEnded) throw refusal('the connection', error);
  });
  const [outcome, other] = await Promise.allSettled([received, connected]);
  if (outcome.status === 'rejected') throw outcome.reason;
  if (other.status === 'rejected') throw other.reason;
}

/** Standard output as a stream that can be closed, which `process.stdout` cannot. */
function standardOutput(): Writable {
  const stats = fstatSync(STANDARD_OUTPUT);
  if (stats.isFIFO() || stats.isSocket()) {
    return new Socket({ fd: STANDARD_OUTPUT, readable: false, writable: true });
  }
  return createWriteStream('', { fd: STANDARD_OUTPUT });
}

function refusal(what: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new Refusal('sending', { sentence: `${what} broke: ${reasonOf(error)}` });
}
