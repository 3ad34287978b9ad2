import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minute, type Minute } from '@bouncer-spa/protocol';
import type { OnFailure } from '@bouncer-spa/bouncer/dist/core/cluster-status.js';
import type { Grant } from '@bouncer-spa/bouncer/dist/core/grants.js';
import { later } from '@bouncer-spa/bouncer/dist/core/moment.js';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ReplayCache } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import { momentNow } from '@bouncer-spa/bouncer/dist/system/clock.js';
import { Cluster, type Answer } from '@bouncer-spa/bouncer/dist/system/cluster.js';
import { createLog } from '@bouncer-spa/bouncer/dist/system/log.js';
import type { StorePlace } from '@bouncer-spa/bouncer/dist/system/store-connection.js';
import { waitFor } from './wait.js';

const PATIENCE = 20_000;

/** Minutes from the earliest that is accepted to the latest. */
const WIDTH = 4;

/** What a gateway of a test is like. */
export interface GatewayWishes {
  readonly place: StorePlace;
  readonly policy: Policy;
  readonly onFailure?: OnFailure;
}

/** What a gateway has of a cluster, without captures and firewall: a replay cache and grants in memory. */
export class ClusterGateway {
  readonly folder = mkdtempSync(join(tmpdir(), 'bouncer-gateway-'));
  readonly log: { msg: string; level: number }[] = [];
  /** Grants whose doors would be open. */
  readonly grants = new Map<string, Grant>();
  readonly #wishes: GatewayWishes;
  #replay = new ReplayCache({ floor: minute(0), tags: [] });
  #cluster: Cluster | undefined;

  private constructor(wishes: GatewayWishes) {
    this.#wishes = wishes;
  }

  static async start(wishes: GatewayWishes): Promise<ClusterGateway> {
    const gateway = new ClusterGateway(wishes);
    await gateway.start();
    return gateway;
  }

  /** Starts it with what it knew before. */
  async start(): Promise<void> {
    const { place, policy, onFailure = 'closed' } = this.#wishes;
    const write = (line: string): void => {
      this.log.push(JSON.parse(line) as { msg: string; level: number });
    };
    const log = createLog(
      [{ write, reportLosses: () => undefined, takeLosses: () => undefined, flush: () => Promise.resolve() }],
      'info',
    );
    this.#cluster = await Cluster.join({
      config: { store: place, onFailure },
      stateFolder: this.folder,
      policy,
      width: WIDTH,
      replay: this.#replay,
      keeping: {
        all: () => [...this.grants.values()],
        adopt: (grants) => {
          for (const grant of grants) this.grants.set(grant.id, grant);
          return Promise.resolve();
        },
        end: (names) => {
          for (const { id } of names) this.grants.delete(id);
          return Promise.resolve();
        },
      },
      log,
    });
  }

  /** What it has on its disk. */
  get state(): string {
    return readFileSync(join(this.folder, 'cluster.json'), 'utf8');
  }

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('the gateway is not running');
    return this.#cluster;
  }

  /** Judges a packet as a daemon does: once here, and then once everywhere. */
  async judge(at: Minute, tag: Uint8Array): Promise<Answer> {
    const seen = this.#replay.look(at, tag, undefined, 0);
    if (seen !== 'new') return 'replay';
    this.#replay.remember(at, tag, WIDTH, undefined, 0);
    return this.cluster.admit(at, tag);
  }

  /** Opens something for a client, for seconds. */
  open(client: string, seconds: number): Grant {
    const action = this.#wishes.policy.actions[0];
    if (action?.deed.kind !== 'open') throw new Error('the policy opens nothing');
    const now = momentNow();
    const grant: Grant = {
      id: randomBytes(4).toString('hex'),
      client,
      action: action.name,
      address: randomBytes(16),
      argument: '',
      means: { kind: 'open', door: action.deed.door },
      began: now,
      end: later(now, seconds * 1_000),
    };
    this.grants.set(grant.id, grant);
    this.cluster.opened(grant);
    return grant;
  }

  /** Goes over to another policy, as at a reload. */
  follow(policy: Policy): void {
    this.cluster.follow(policy, WIDTH);
  }

  revoke(grant: Grant): void {
    this.grants.delete(grant.id);
    this.cluster.revoked(grant);
  }

  async becomes(state: 'trusted' | 'waiting' | 'away'): Promise<void> {
    const isSo = (): true | undefined => this.cluster.status.state === state || undefined;
    try {
      await waitFor(`a gateway to be ${state}`, isSo, PATIENCE);
    } catch (error) {
      throw new Error(`${String(error)}; it is ${JSON.stringify(this.cluster.status)}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.#cluster?.leave();
    this.#cluster = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
