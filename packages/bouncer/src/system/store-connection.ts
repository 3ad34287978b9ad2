import { isIP } from 'node:net';
import type { RedisClientType, RedisFunctions, RedisModules, RedisScripts } from '@redis/client';
import type { StoreUrl } from '../core/store-url.js';
import { guardAnswers } from './answer-guard.js';
import { reasonOf } from './reason.js';

/** Milliseconds for a connection to be made, or for whoever knows the way to answer. */
const PATIENCE = 1_000;

/** Commands that may wait for their answers; what is beyond them fails. */
const MOST_WAITING = 20_000;

/** Which server the store is. */
export interface StorePlace {
  /** The server itself; or those that know the way to it, all alike but for host and port. */
  readonly urls: readonly [StoreUrl, ...StoreUrl[]];
  /** Whom to ask: nobody, Sentinels by the name of what they watch, or any server of a Redis Cluster. */
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** What Sentinels call the master; empty for the other kinds. */
  readonly master: string;
  readonly password: string | undefined;
  /** Certificates, PEM, of who signs the server's; `undefined` for those that Node.js knows. */
  readonly authorities: string | undefined;
}

export type StoreClient = RedisClientType<RedisModules, RedisFunctions, RedisScripts, 2>;

type Address = Pick<StoreUrl, 'host' | 'port'>;

/**
 * Connects to the server that has the keys of a store now. The connection is with that one until it ends.
 * @param key any of those that the store is asked for
 * @throws {Error} with a sentence for each place that was tried
 */
export async function connectToStore(place: StorePlace, key: string): Promise<StoreClient> {
  if (place.kind === 'single') return connect(place, place.urls[0], place.password);
  const failures: string[] = [];
  for (const url of place.urls) {
    try {
      const address =
        place.kind === 'sentinel' ? await askSentinel(place, url) : await askNode(place, url, key);
      return await connect(place, address, place.password);
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  throw new Error(failures.join('; '));
}

/** Asks a Sentinel, which wants no password, for the server that is the master now. */
async function askSentinel(place: StorePlace, address: Address): Promise<Address> {
  return asking(
    await connect({ ...place, urls: [{ ...place.urls[0], user: undefined, database: 0 }] }, address),
    async (client) => {
      const found = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', place.master]);
      const [host, port] = Array.isArray(found) ? found : [];
      if (host === undefined) throw new Error(`${nameOf(address)} watches no "${place.master}"`);
      return { host: String(host), port: Number(port) };
    },
  );
}

/** Asks a server of a Redis Cluster which one has a key. */
async function askNode(place: StorePlace, address: Address, key: string): Promise<Address> {
  return asking(await connect(place, address, place.password), async (client) => {
    const [slot, ranges] = await Promise.all([client.clusterKeySlot(key), client.clusterSlots()]);
    const master = ranges.find(({ from, to }) => from <= slot && slot <= to)?.master;
    if (master === undefined) throw new Error(`${nameOf(address)} knows nobody who has slot ${slot}`);
    // A server that does not know its own address leaves it out.
    return { host: master.host === '' ? address.host : master.host, port: master.port };
  });
}

/** Closes a connection after its question. */
async function asking<Answer>(
  client: StoreClient,
  question: (client: StoreClient) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await inTime(question(client));
  } finally {
    client.destroy();
  }
}

/** Loaded when it is needed first: it takes 160 ms, and most gateways are alone. */
async function connect(place: StorePlace, { host, port }: Address, password?: string): Promise<StoreClient> {
  const { createClient } = await import('@redis/client');
  await guardAnswers();
  const [{ tls, user, database }] = place.urls;
  const socket = { host, port, connectTimeout: PATIENCE, reconnectStrategy: false } as const;
  const authorities = place.authorities === undefined ? {} : { ca: place.authorities };
  const name = isIP(host) === 0 ? { servername: host } : {};
  const client: StoreClient = createClient({
    RESP: 2,
    socket: tls ? { ...socket, ...authorities, ...name, tls: true } : socket,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    database,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
  // Whoever waits for an answer or for the end learns of it.
  client.on('error', () => undefined);
  const failure = new Promise<never>((_, reject) => client.once('error', reject));
  try {
    await inTime(Promise.race([client.connect(), failure]));
    return client;
  } catch (error) {
    if (client.isOpen) client.destroy();
    // Without the cause, which would be told in place of this.
    throw new Error(`${nameOf({ host, port })}: ${reasonOf(error).replace(/\.$/, '')}`);
  }
}

/** What a store has said, without our password: Redis repeats the beginning of what it does not understand. */
export function withoutPassword(reason: string, password = ''): string {
  const known = reason.replace(/, with args beginning with.*/s, '');
  return password === '' ? known : known.replaceAll(password, '...');
}

/** @throws {Error} if it takes longer than a server should need */
export async function inTime<Answer>(work: Promise<Answer>, milliseconds = PATIENCE): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function nameOf({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
