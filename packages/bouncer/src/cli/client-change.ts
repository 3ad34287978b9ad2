import { dirname, resolve } from 'node:path';
import { profileOf } from '../core/bundle-profile.js';
import { isName } from '../core/config-table.js';
import type { Bind } from '../core/policy.js';
import { formatPortRange } from '../core/port-range.js';
import { askDaemon, ControlError, controlSocketOf } from '../system/control-client.js';
import { removeLeftovers } from '../system/durable-file.js';
import { clientFile, readEnrolment, type Enrolment, type WrittenClient } from '../system/enrolment.js';
import { whileLocked } from '../system/folder-lock.js';
import { CONFIG_OPTION } from './command.js';
import { Failure, withFile } from './failure.js';
import { UsageError } from './usage-error.js';

/** Of the commands that change a client. */
export const CHANGE_OPTIONS = {
  config: CONFIG_OPTION,
  'no-reload': { type: 'boolean', default: false, text: 'do not have the daemon read it' },
} as const;

export interface ChangeOptions {
  readonly config: string;
  readonly 'no-reload': boolean;
}

/**
 * Does something to the folder of clients while no other command does, and has the daemon read it.
 * @throws {ConfigError | LockError | Failure} if the config is not good, or something stands in the way
 */
export async function changeClients(
  options: ChangeOptions,
  change: (folder: string, enrolment: Enrolment) => Promise<void>,
): Promise<void> {
  await whileLocked(dirname(resolve(options.config)), async () => {
    const enrolment = await readEnrolment(options.config);
    const { clientsFolder: folder } = enrolment;
    if (folder === undefined) {
      throw new Failure(
        `${options.config}: server.clients_dir is missing: add clients_dir = "clients.d", and make that folder`,
      );
    }
    await withFile(folder, () => removeLeftovers(folder));
    await change(folder, enrolment);
  });
  if (!options['no-reload']) await reload(options.config);
}

/** @throws {Failure} if the daemon runs, and goes on with what it had */
async function reload(config: string): Promise<void> {
  const socket = await controlSocketOf(config);
  let reply;
  try {
    reply = await askDaemon(socket, 'POST', '/reload');
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (!isNobodyThere(error.cause)) throw new Failure(`it is done, but not yet in force: ${error.message}`);
    console.error(`bouncer: no daemon answers at ${socket}; it will be in force when one starts`);
    return;
  }
  const { problems = [], error } = reply.body as { readonly problems?: string[]; readonly error?: string };
  const reasons = error === undefined ? problems : [error];
  if (reasons.length > 0) {
    throw new Failure(`it is done, but the daemon goes on with its former config: ${reasons.join('; ')}`);
  }
}

function isNobodyThere(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && /^(ENOENT|ECONNREFUSED)$/.test(String(cause.code));
}

/** The one word of a command. @throws {UsageError} if it is not the name of a client, and alone */
export function expectName(words: readonly string[]): string {
  const [name, ...others] = words;
  if (name === undefined || others.length > 0 || !isName(name)) {
    throw new UsageError('expected the name of one client: letters, digits, ".", "_" and "-"');
  }
  return name;
}

/**
 * Finds a client that commands may change: one that is in the folder of clients, in a file of its own.
 * @throws {Failure} if it is elsewhere, or nowhere
 */
export function findOwnClient(name: string, folder: string, { clients }: Enrolment): WrittenClient {
  const client = clients.find((other) => other.name === name);
  if (client === undefined) throw new Failure(`there is no client "${name}": see bouncer client list`);
  const { file } = client;
  if (file !== clientFile(folder, name)) throw new Failure(`client "${name}" is in ${file}: change it there`);
  if (clients.some((other) => other.file === file && other !== client)) {
    throw new Failure(`client "${name}" is in ${file} with others: change it there`);
  }
  return client;
}

/** What a client that may do these actions, from addresses bound like that, has to know. */
export function profileFor(
  { tables }: Enrolment,
  actions: readonly string[],
  bind: Bind | undefined,
): string {
  const { server, capture } = tables;
  return profileOf({
    host: server.host ?? server.id,
    port: capture.port,
    serverId: server.id,
    namesSource: bind === 'strict',
    actions: Object.entries(tables.actions)
      .filter(([name]) => actions.includes(name))
      .map(([name, { code, allow = [] }]) => ({ name, code, opens: allow.map(formatPortRange) })),
  });
}
