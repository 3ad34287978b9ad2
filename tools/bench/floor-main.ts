/**
 * The least that a listener on Node.js does: captures one UDP port, knows a packet by its first bytes,
 * writes it down durably if there is a file to do so, and runs a program. No cryptography, no policy.
 *
 *   floor-main.js DEVICE PORT HEX PROGRAM ARGUMENT [RECORD]
 */
import { spawn } from 'node:child_process';
import { fdatasyncSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { EventEmitter } from 'node:events';

/** The part of `cap` that is used here; the package ships no types. */
interface Session extends EventEmitter {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
}

const { Cap } = createRequire(import.meta.url)('cap') as { readonly Cap: new () => Session };

const ETHERNET = 14;
const UDP = 8;
const RING_SIZE = 8 * 1024 * 1024;
const FRAME_SIZE = 65_535;

const [device = '', port = '', hex = '', program = '', argument = '', record] = process.argv.slice(2);
const cookie = Buffer.from(hex, 'hex');
const file = record === undefined ? undefined : openSync(record, 'a', 0o600);
const frame = Buffer.alloc(FRAME_SIZE);
const session = new Cap();

session.on('packet', (size: number) => {
  const payload = ETHERNET + 4 * ((frame[ETHERNET] ?? 0) & 15) + UDP;
  if (size < payload + cookie.length) return;
  if (frame.compare(cookie, 0, cookie.length, payload, payload + cookie.length) !== 0) return;
  if (file !== undefined) {
    writeSync(file, frame, payload, cookie.length);
    fdatasyncSync(file);
  }
  spawn(program, [argument], { stdio: 'ignore', env: {} });
});
session.open(device, `ip and udp dst port ${port}`, RING_SIZE, frame);
