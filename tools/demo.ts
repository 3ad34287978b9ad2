/**
 * Shows one packet opening the door, for real: a bouncer on the loopback interface, an opener, and
 * somebody who listens in. Everything lives in a temporary folder. Exits with 1 if anything that it
 * promises did not happen.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../test/support/wait.js';

const PORT = 51_324;
const BOUNCER = fileURLToPath(new URL('../../packages/bouncer/bin/bouncer.js', import.meta.url));
const OPENER = fileURLToPath(new URL('../../packages/opener/bin/opener.js', import.meta.url));

const COMMON_FIELDS = ['name', 'hostname', 'pid', 'level', 'v', 'time', 'msg'];

interface LogRecord {
  readonly msg: string;
  readonly time: string;
  readonly decision?: string;
  readonly reason?: string;
  readonly client?: string;
  readonly action?: string;
  readonly source?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'bouncer-demo-'));
const door = join(folder, 'door');
const config = join(folder, 'bouncer.toml');
const OPEN_DOOR = join(folder, 'open-door');
const records: LogRecord[] = [];

/** The eavesdropper: bouncer opens no port, so the port is free for anybody to listen on. */
const eavesdropper = createSocket('udp4');
const overheard: Buffer[] = [];
eavesdropper.on('message', (datagram) => overheard.push(datagram));

let daemon: ChildProcess | undefined;

async function demo(): Promise<void> {
  step('Keys and a config, in a temporary folder');
  for (const name of ['gate.key', 'alice.seed']) opener('keygen', join(folder, name));
  writeFileSync(config, CONFIG, { mode: 0o600 });
  writeFileSync(OPEN_DOOR, `#!/bin/sh\necho "$1 opened the door for $2" > ${door}\n`, { mode: 0o700 });
  writeFileSync(join(folder, 'profile.toml'), PROFILE, { mode: 0o600 });
  show(CONFIG);

  step('Start bouncer, which opens no port');
  daemon = spawn(process.execPath, [BOUNCER, 'run', '-c', config], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (daemon.stdout === null) throw new Error('no standard output');
  createInterface({ input: daemon.stdout }).on('line', (line) => records.push(JSON.parse(line) as LogRecord));
  await logged('that it listens', ({ msg }) => msg.startsWith('listening on'));
  eavesdropper.bind(PORT, '127.0.0.1');
  await once(eavesdropper, 'listening');

  step('Send one packet');
  opener('-v', '--profile', join(folder, 'profile.toml'), '-f', 'open-door');
  await logged('the acceptance', ({ decision, action }) => decision === 'accept' && action === 'open-door');
  await waitFor('the action', () => existsSync(door) || undefined);
  show(`the action wrote: ${readFileSync(door, 'utf8').trim()}`);

  step('Somebody who listened in sends the very same bytes, from another address');
  const [packet] = await waitFor('the datagram', () => (overheard.length > 0 ? overheard : undefined));
  if (packet === undefined) throw new Error('nothing was overheard');
  rmSync(door);
  await sendFrom('127.0.0.2', packet);
  await logged('the rejection', ({ reason }) => reason === 'replay');
  if (existsSync(door)) throw new Error('the action ran again');

  step('Add an action, reload with kill -HUP, use it');
  appendFileSync(config, SECOND_ACTION);
  writeFileSync(config, readFileSync(config, 'utf8').replace('["open-door"]', '["open-door", "ring-bell"]'));
  show(SECOND_ACTION);
  daemon.kill('SIGHUP');
  await logged('the reload', ({ msg }) => msg === 'config reloaded');
  opener('--profile', join(folder, 'profile.toml'), '-f', '22');
  await logged('the acceptance', ({ decision, action }) => decision === 'accept' && action === 'ring-bell');
  await logged('the end of the action', ({ msg }) =>
    msg.startsWith('action ring-bell of alice exited with status 0'),
  );

  step('Stop bouncer with kill -TERM');
  daemon.kill('SIGTERM');
  const [status] = (await once(daemon, 'close')) as [number | null];
  if (status !== 0) throw new Error(`bouncer ended with status ${String(status)}`);
  await logged('its last words', ({ msg }) => msg === 'bouncer stopped');
}

const CONFIG = `[server]
id = "demo"
gate_key_file = "gate.key"
state_dir = "state"
control_socket = "control.sock"

[capture]
interface = "lo"
port = ${PORT}

[actions.open-door]
code = 21
run = ["${OPEN_DOOR}", "{client}", "{address}"]

[clients.alice]
seed_file = "alice.seed"
actions = ["open-door"]
`;

const PROFILE = `host = "127.0.0.1"
port = ${PORT}
server_id = "demo"
gate_key_file = "gate.key"
seed_file = "alice.seed"

[actions]
open-door = 21
`;

const SECOND_ACTION = `
[actions.ring-bell]
code = 22
run = ["/bin/echo", "ding dong for", "{address}"]
`;

let shown = 0;

/** Waits for a line of the log that comes after those shown already, and shows it. */
async function logged(what: string, matches: (record: LogRecord) => boolean): Promise<void> {
  const index = await waitFor(`the log to tell ${what}`, () => {
    const found = records.findIndex((record, at) => at >= shown && matches(record));
    return found < 0 ? undefined : found;
  });
  shown = index + 1;
  const found = records[index];
  if (found !== undefined) showRecord(found);
}

/** The record without what is the same in each. */
function showRecord(record: LogRecord): void {
  const fields = Object.entries(record).filter(([name]) => !COMMON_FIELDS.includes(name));
  show(`log: ${record.time} ${record.msg} ${JSON.stringify(Object.fromEntries(fields))}`);
}

function opener(...args: string[]): void {
  show(`$ opener ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [OPENER, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`opener ended with status ${String(status)}`);
}

async function sendFrom(address: string, datagram: Buffer): Promise<void> {
  const socket: Socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  await new Promise<void>((resolve, reject) => {
    socket.send(datagram, PORT, '127.0.0.1', (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  socket.close();
}

function step(text: string): void {
  console.log(`\n== ${text}`);
}

function show(text: string): void {
  console.log(text.trim().replaceAll(/^/gm, '   '));
}

if (process.geteuid?.() !== 0) {
  console.error('demo: needs root, to capture packets: try sudo npm run demo');
  process.exit(1);
}
try {
  await demo();
  console.log('\nThe door opened once, stayed shut for the copy, and the new action works.');
} catch (error) {
  console.error(`\ndemo: failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  daemon?.kill('SIGKILL');
  eavesdropper.close();
  rmSync(folder, { recursive: true, force: true });
}
