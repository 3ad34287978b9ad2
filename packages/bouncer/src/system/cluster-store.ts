import { createHash } from 'node:crypto';
import type { Minute } from '@bouncer-spa/protocol';
import * as v from 'valibot';
import type { Member } from '../core/cluster-trust.js';
import { printable } from '../core/printable.js';
import { parseStoreInfo, type StoreInfo } from '../core/store-info.js';
import { connectToStore, inTime, type StoreClient, type StorePlace } from './store-connection.js';

/** Keys in one request, where there are many. */
const CHUNK = 1_000;

/** Members that are looked at; nobody has so many gateways. */
const MOST_MEMBERS = 64;

const MEMBER_ID = /^[0-9a-f]{16}$/;

/** Longest report of a member that is looked at, in characters. */
const MOST_REPORT = 1_024;

/** Milliseconds for which an epoch that nobody looks at any more is kept. */
const DAY = 86_400_000;

const report = v.strictObject({
  name: v.pipe(v.string(), v.maxLength(255), v.transform(printable)),
  epoch: v.string(),
  beat: v.number(),
  changes: v.number(),
});

/** A packet that was accepted, for all gateways to know. */
export interface Claim {
  readonly minute: Minute;
  readonly tag: Uint8Array;
  /** Milliseconds from now for which it has to be known. */
  readonly lifetime: number;
}

/** What the store says of itself and of the cluster. */
export interface StoreView extends StoreInfo {
  readonly members: readonly Member[];
  /** Number of changes of grants that it was told. */
  readonly changes: number;
}

/**
 * The store that the gateways of a cluster share: a Redis or Valkey, by one connection to one server, and
 * another for what it has to tell. All keys have the server id in braces, so that in a Redis Cluster
 * they are on one server.
 */
export class ClusterStore {
  readonly #client: StoreClient;
  readonly #listener: StoreClient;
  readonly #prefix: string;
  /** What the records of this process are signed with, to know them again. */
  readonly #token: string;

  private constructor(client: StoreClient, listener: StoreClient, prefix: string, token: string) {
    this.#client = client;
    this.#listener = listener;
    this.#prefix = prefix;
    this.#token = token;
  }

  /**
   * @param token of this process; no other has it
   * @param told each change of grants that any gateway makes from now on
   * @param ended when the connection is over
   * @throws {Error} if it cannot be reached
   */
  static async open(
    place: StorePlace,
    serverId: string,
    token: string,
    { told, ended }: { readonly told: (line: string) => void; readonly ended: () => void },
  ): Promise<ClusterStore> {
    const prefix = `bouncer:{${serverId}}:`;
    const client = await connectToStore(place, prefix);
    client.on('end', ended).on('error', ended);
    try {
      const listener = client.duplicate();
      listener.on('end', ended).on('error', ended);
      const store = new ClusterStore(client, listener, prefix, token);
      try {
        await inTime(listener.connect());
        await inTime(listener.subscribe(`${prefix}grants`, told));
      } catch (error) {
        store.close();
        throw error;
      }
      return store;
    } catch (error) {
      if (client.isOpen) client.destroy();
      throw error;
    }
  }

  close(): void {
    for (const client of [this.#client, this.#listener]) if (client.isOpen) client.destroy();
  }

  /** @throws {Error} if it does not answer, or is a replica: then another has taken its place */
  async look(): Promise<StoreView> {
    const [server, replication, memory, members, changes] = await inTime(
      this.#client
        .multi()
        .info('server')
        .info('replication')
        .info('memory')
        .hGetAll(this.#key('members'))
        .get(this.#key('changes'))
        .execTyped(),
    );
    const info = parseStoreInfo(`${server}\n${replication}\n${memory}`);
    if (!info.isMaster) throw new Error('it is a replica, which may lag behind');
    return {
      ...info,
      // Of what others have written there, none takes the place of a gateway.
      members: Object.entries(members)
        .filter(([id]) => MEMBER_ID.test(id))
        .slice(0, MOST_MEMBERS)
        .flatMap(([id, text]) => memberOf(id, text) ?? []),
      changes: Number(changes ?? 0),
    };
  }

  /** The epoch that the gateways have begun with this incarnation of the store, or begins one. */
  async epoch(incarnation: string, clock: number): Promise<string> {
    const key = this.#key(`epoch:${incarnation}`);
    const fresh = `${Math.round(clock)}-${this.#token}`;
    const [former] = await inTime(
      this.#client
        .multi()
        .set(key, fresh, { condition: 'NX', GET: true, expiration: { type: 'PX', value: DAY } })
        .pExpire(key, DAY)
        .execTyped(),
    );
    return former ?? fresh;
  }

  /**
   * Records a packet, if no other has. One that this process has recorded already is its own.
   * @returns whose it is, and the epoch in which that was
   */
  async claim(claim: Claim, incarnation: string): Promise<{ owner: 'us' | 'other'; epoch: string | null }> {
    // In this order: what was emptied before the record was made is seen to be.
    const [former, epoch] = await this.#client
      .multi()
      .set(...this.#record(claim))
      .get(this.#key(`epoch:${incarnation}`))
      .execTyped();
    return { owner: former === null || former === this.#token ? 'us' : 'other', epoch };
  }

  /** Puts there what is remembered of packets, where nobody has. */
  async remember(claims: readonly Claim[]): Promise<void> {
    for (let first = 0; first < claims.length; first += CHUNK) {
      const requests = this.#client.multi();
      for (const claim of claims.slice(first, first + CHUNK)) requests.set(...this.#record(claim));
      await inTime(requests.exec());
    }
  }

  /**
   * Tells the others of us, and has them forget who is gone, and the grants that are over.
   * @param unix now, in milliseconds
   */
  async report({ id, ...told }: Member, gone: readonly string[], unix: number): Promise<void> {
    const key = this.#key('members');
    const requests = this.#client
      .multi()
      .hSet(key, id, JSON.stringify(told))
      .zRemRangeByScore(this.#key('grants'), '-inf', unix);
    if (gone.length > 0) requests.hDel(key, [...gone]);
    await inTime(requests.exec());
  }

  /** Tells all gateways of changes of grants, those that are away too. @param former the line whose place it takes */
  async tell(
    changes: readonly { readonly line: string; readonly former: string | undefined; readonly end: number }[],
  ): Promise<void> {
    const key = this.#key('grants');
    for (let first = 0; first < changes.length; first += CHUNK) {
      const requests = this.#client.multi();
      for (const { line, former, end } of changes.slice(first, first + CHUNK)) {
        requests.zAdd(key, { score: end, value: line });
        if (former !== undefined) requests.zRem(key, former);
        requests.incr(this.#key('changes')).publish(key, line);
      }
      await inTime(requests.exec());
    }
  }

  /**
   * The grants of all gateways, and how many changes have led to them.
   * @param unix those that ended before are removed, in milliseconds
   */
  async grants(unix: number): Promise<{ lines: string[]; changes: number }> {
    const key = this.#key('grants');
    const [, lines, changes] = await inTime(
      this.#client
        .multi()
        .zRemRangeByScore(key, '-inf', unix)
        .zRange(key, 0, -1)
        .get(this.#key('changes'))
        .execTyped(),
    );
    return { lines, changes: Number(changes ?? 0) };
  }

  /** The tag is on the wire for everybody, but what is nobody's business is not in a key. */
  #record({ minute, tag, lifetime }: Claim) {
    const name = createHash('sha256').update(`${minute} `).update(tag).digest('base64url');
    const expiration = { type: 'PX', value: Math.max(1, Math.round(lifetime)) } as const;
    return [this.#key(`packet:${name}`), this.#token, { condition: 'NX', GET: true, expiration }] as const;
  }

  #key(name: string): string {
    return this.#prefix + name;
  }
}

function memberOf(id: string, text: string): Member | undefined {
  if (text.length > MOST_REPORT) return undefined;
  try {
    const { success, output } = v.safeParse(report, JSON.parse(text));
    return success ? { id, ...output } : undefined;
  } catch {
    return undefined; // not written by a gateway
  }
}
