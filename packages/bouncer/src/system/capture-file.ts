import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CaptureWireDecoder, CaptureWireError, type CaptureReport } from '../core/capture-wire.js';
import type { Datagram } from '../core/datagram.js';
import { printable } from '../core/printable.js';
import { childStdio } from './child-stdio.js';
import { spawnReason } from './setpriv.js';
import type { User } from './user.js';

const PROGRAM = fileURLToPath(new URL('../capture/file-main.js', import.meta.url));

/** What the reading process may do before it has given up its privileges. */
const BOUNDING_SET = '-all,+setuid,+setgid';

/** Longest complaint kept, in characters. */
const MOST_COMPLAINT = 400;

/** A capture file could not be read to its end. The message is half a sentence. */
export class UnreadableCaptureError extends Error {
  override readonly name = 'UnreadableCaptureError';
}

/**
 * Has a process without privilege read a capture file, since whoever was captured has written it.
 * @param file path of a pcap or pcapng file
 * @param take is given each datagram to the port, and its time of capture: Unix time in milliseconds
 * @returns the counts of what was not given
 * @throws {UnreadableCaptureError} if the file is none or damaged; what stands before the damage was given
 * @throws {Error} of the system, if the file cannot be opened
 */
export async function readCapturedDatagrams(
  file: string,
  { uid, gid }: User,
  port: number,
  take: (datagram: Datagram, unix: number) => void,
): Promise<CaptureReport> {
  const handle = await open(file, 'r');
  const child = spawn(
    'setpriv',
    [
      '--no-new-privs',
      '--inh-caps=-all',
      `--bounding-set=${BOUNDING_SET}`,
      '--pdeathsig=KILL',
      '--',
      process.execPath,
      PROGRAM,
      ...[port, uid, gid].map(String),
    ],
    { cwd: '/', env: {}, stdio: childStdio([handle.fd, 'pipe', 'pipe']) },
  );
  await handle.close();
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-MOST_COMPLAINT);
  });
  return new Promise((resolve, reject) => {
    const decoder = new CaptureWireDecoder();
    let moment = 0;
    let report: CaptureReport | undefined;
    let failure: string | undefined;
    child.stdout?.on('data', (piece: Buffer) => {
      try {
        for (const record of decoder.push(piece)) {
          if (record.kind === 'moment') moment = record.unix;
          else if (record.kind === 'datagram') take(record.datagram, moment);
          else if (record.kind === 'report') report = record.report;
          else if (record.kind === 'failed') failure = record.reason;
        }
      } catch (error) {
        if (!(error instanceof CaptureWireError)) throw error;
        failure = `its reader wrote nonsense: ${error.message}`;
        child.kill('SIGKILL');
      }
    });
    child.once('error', (cause) => {
      reject(new UnreadableCaptureError(`its reader ${spawnReason(cause)}`, { cause }));
    });
    child.once('close', (code, signal) => {
      if (report !== undefined && failure === undefined) resolve(report);
      else
        reject(
          new UnreadableCaptureError(
            failure ??
              `its reader ended with ${signal ?? `status ${code ?? ''}`}: ${printable(complaint.trim())}`,
          ),
        );
    });
  });
}
