import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { RECORDS_FD } from './capture-spec.js';

/** The pipe broke or took only part of a record: the capture process is of no use any more. */
export class RecordPipeError extends Error {
  override readonly name = 'RecordPipeError';
}

/**
 * Writes records to the daemon without ever waiting for it: a record that the pipe has no room for
 * is refused. A stream's own queue would not do, because `cap` hands packets over in a loop that
 * lets nothing else run while more arrive.
 */
export class RecordPipe {
  /** Makes the descriptor non-blocking, and keeps it open. */
  readonly #socket = new Socket({ fd: RECORDS_FD, readable: false, writable: true });

  /**
   * @returns whether the record was taken
   * @throws {RecordPipeError} if the daemon is gone
   */
  write(record: Uint8Array): boolean {
    try {
      const written = writeSync(RECORDS_FD, record);
      if (written !== record.length) throw new RecordPipeError('a record was cut');
      return true;
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN') return false;
      throw new RecordPipeError('the daemon does not read any more', { cause });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
