import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { datagramRecordSize, writeDatagramRecord } from '../core/capture-wire.js';
import type { Datagram } from '../core/datagram.js';
import { RECORDS_FD } from './capture-spec.js';
import { orExit } from './or-exit.js';

/** The daemon is gone: the capture process is of no use any more. */
export class RecordPipeError extends Error {
  override readonly name = 'RecordPipeError';
}

/** Bytes of records that wait at most: some 300 of them. */
const MOST_WAITING = 128 * 1024;

/** With so many bytes waiting, they are written whatever else is to be done. */
const BATCH = 16 * 1024;

/** Milliseconds until a pipe that was full is tried again: a try in vain costs more than a record. */
const PAUSE = 1;

/**
 * Writes records to the daemon without ever waiting for it: a record for which there is no room is
 * refused. A stream's own queue would not do, because `cap` hands packets over in a loop that lets
 * nothing else run while more arrive. Those that arrive together are written together.
 */
export class RecordPipe {
  /** Makes the descriptor non-blocking, and keeps it open. */
  readonly #socket = new Socket({ fd: RECORDS_FD, readable: false, writable: true });
  readonly #waiting = Buffer.alloc(MOST_WAITING);
  #size = 0;
  #isFlushDue = false;
  /** In milliseconds of a clock that never steps. */
  #fullUntil = -Infinity;

  /**
   * @returns whether the record was taken
   * @throws {RecordPipeError} if the daemon is gone
   */
  write(record: Uint8Array): boolean {
    if (!this.#makeRoom(record.length)) return false;
    this.#waiting.set(record, this.#size);
    this.#size += record.length;
    return true;
  }

  /**
   * Writes the record of a datagram, without one more copy of it.
   * @returns whether it was taken
   * @throws {RecordPipeError} if the daemon is gone
   */
  writeDatagram(datagram: Datagram): boolean {
    const size = datagramRecordSize(datagram);
    if (!this.#makeRoom(size)) return false;
    writeDatagramRecord(this.#waiting, this.#size, datagram);
    this.#size += size;
    return true;
  }

  /**
   * Hands on what waits, as far as the pipe takes it; the rest goes soon.
   * @throws {RecordPipeError} if the daemon is gone
   */
  flush(): void {
    const taken = this.#size === 0 ? 0 : writeWhatFits(this.#waiting.subarray(0, this.#size));
    this.#waiting.copyWithin(0, taken, this.#size);
    this.#size -= taken;
    if (this.#size === 0) return;
    this.#fullUntil = performance.now() + PAUSE;
    this.#flushSoon(PAUSE);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** @returns whether there is room for so many bytes, which are written soon */
  #makeRoom(size: number): boolean {
    if (this.#size >= BATCH && performance.now() >= this.#fullUntil) this.flush();
    if (this.#size + size > MOST_WAITING) return false;
    this.#flushSoon();
    return true;
  }

  /** When nothing more is to be handed over now, or after a pause for the daemon to read. */
  #flushSoon(pause = 0): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    const flush = (): void => {
      this.#isFlushDue = false;
      orExit(() => {
        this.flush();
      });
    };
    if (pause === 0) setImmediate(flush);
    else setTimeout(flush, pause);
  }
}

/** @returns how many of the bytes the pipe took */
function writeWhatFits(bytes: Uint8Array): number {
  try {
    return writeSync(RECORDS_FD, bytes);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN') return 0;
    throw new RecordPipeError('the daemon does not read any more', { cause });
  }
}
