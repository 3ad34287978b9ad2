import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { serverId, ProtocolError } from '@bouncer-spa/protocol';
import { firstConfig } from '../core/first-config.js';
import { createFile } from '../system/durable-file.js';
import { loadConfig } from '../system/config-file.js';
import { findUser } from '../system/user.js';
import { CONFIG_OPTION, defineCommand, expectNoWords } from './command.js';
import { Failure, reporting, withFile } from './failure.js';
import { UsageError } from './usage-error.js';

/** Size in bytes of a gate key (PROTOCOL.md section 2). */
const GATE_KEY_SIZE = 32;

/** Below the ports that Linux takes for outgoing connections, and above those of well-known services. */
const LEAST_PORT = 10_000;
const MOST_PORT = 32_767;

const SSH_PORT = 22;

/** The user that the Debian package makes for the capture process. */
const OWN_USER = '_bouncer';

/** Milliseconds that a command may take which tells something about this machine. */
const PATIENCE = 5_000;

export const command = defineCommand({
  usage: 'bouncer init [OPTIONS]',
  about: `Writes a first config, which guards ssh, with a new gate key and the folders
that it names. Asks nothing, and never overwrites anything.`,
  options: {
    config: CONFIG_OPTION,
    host: { type: 'string', value: 'NAME', text: 'where clients send (default: the name of this host)' },
  },
  examples: ['bouncer init', 'bouncer init --host gw1.example.net'],
  async run({ config, host }, words) {
    expectNoWords(words);
    if (host !== undefined && !/^[A-Za-z0-9._:-]+$/.test(host)) {
      throw new UsageError('--host expected a host name or an address without brackets');
    }
    return reporting(() => init(config, host));
  },
});

async function init(config: string, host: string | undefined): Promise<void> {
  const folder = dirname(resolve(config));
  if (existsSync(config)) throw new Failure(`${config} is there already; nothing was changed`);
  const name = await ownName();
  const isDefault = config === CONFIG_OPTION.default;
  const stateFolder = isDefault ? '/var/lib/bouncer' : 'state';
  // A daemon of another config has nothing to say of this one's clients.
  const controlSocket = isDefault ? undefined : 'control.sock';
  const id = idOf(host) ?? idOf(name) ?? 'server';
  const sshPorts = await portsOfSshd();
  const port = randomInt(LEAST_PORT, MOST_PORT + 1);
  for (const path of [folder, join(folder, 'clients.d'), resolve(folder, stateFolder)]) {
    await withFile(path, () => mkdir(path, { recursive: true, mode: 0o700 }));
  }
  const keyFile = join(folder, 'gate.key');
  // One that is there is from an init that was interrupted, or the administrator's own.
  if (!existsSync(keyFile)) {
    const key = `${randomBytes(GATE_KEY_SIZE).toString('hex')}\n`;
    await withFile(keyFile, () => createFile(keyFile, key));
  }
  // Last, so that what was interrupted can be begun again.
  const sends = host === undefined || host === id ? undefined : host;
  const user = (await findUser(OWN_USER)) && OWN_USER;
  const text = firstConfig({ serverId: id, host: sends, port, stateFolder, controlSocket, user, sshPorts });
  await withFile(config, () => createFile(config, text));
  await loadConfig(config);
  process.stdout.write(`${config}: server ${id}, clients send to ${host ?? id}, UDP port ${port}
ssh on ${sshPorts.map((ssh) => `tcp/${ssh}`).join(', ')} is closed to all but clients, once bouncer runs

next:
  bouncer client add NAME --action ssh --qr${isDefault ? '' : ` -c ${config}`}
  bouncer run --trial 5m${isDefault ? '' : ` -c ${config}`}
`);
  // Neither a name with a domain nor an address.
  if (!/[.:]/.test(host ?? id)) {
    console.error(
      `bouncer: "${host ?? id}" is hardly a name that clients find: write server.host in ${config}`,
    );
  }
}

/** A host's name as server id, if it can be one; an address with colons cannot. */
function idOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  try {
    return serverId(name);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}

/** This host's name with its domain, as far as the system knows it. */
async function ownName(): Promise<string> {
  return (await said('hostname', ['--fqdn'])).trim() || hostname();
}

/** The TCP ports that sshd is told to listen on. */
async function portsOfSshd(): Promise<readonly number[]> {
  const ports = Array.from((await said('sshd', ['-T'])).matchAll(/^port (\d+)$/gm), ([, port]) =>
    Number(port),
  );
  return ports.length > 0 ? [...new Set(ports)] : [SSH_PORT];
}

/** What a program says; nothing if it is missing or fails, since there is a usual answer. */
async function said(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: PATIENCE });
    return stdout;
  } catch {
    return '';
  }
}
