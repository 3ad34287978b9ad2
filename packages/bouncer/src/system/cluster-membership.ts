import { isDeepStrictEqual } from 'node:util';
import type { ServerId } from '@bouncer-spa/protocol';
import type { Acceptor } from './acceptor.js';
import { Cluster, type ClusterConfig, type ClusterParts } from './cluster.js';
import type { Config } from './config-file.js';

/** A cluster that a config names, for going over to; `cluster` is `undefined` if it names none. */
interface Candidate {
  readonly config: ClusterConfig | undefined;
  readonly serverId: ServerId;
  readonly cluster: Cluster | undefined;
}

/** The cluster that we are in, if any: the config says so, and a reload may change it. */
export class ClusterMembership {
  readonly #acceptor: Acceptor;
  readonly #parts: Pick<ClusterParts, 'replay' | 'keeping' | 'log'>;
  #joined: Candidate | undefined;

  constructor(acceptor: Acceptor, parts: Pick<ClusterParts, 'replay' | 'keeping' | 'log'>) {
    this.#acceptor = acceptor;
    this.#parts = parts;
  }

  get cluster(): Cluster | undefined {
    return this.#joined?.cluster;
  }

  /**
   * Finds the cluster of a config: the one that we are in, if it is that, or another that is being joined.
   * @param width minutes from the earliest that may be accepted to the latest
   * @throws the system's error if what has to be remembered cannot be written
   */
  async prepare({ cluster: config, stateFolder, policy }: Config, width: number): Promise<Candidate> {
    const { serverId } = policy;
    const isSame = isDeepStrictEqual(config, this.#joined?.config) && serverId === this.#joined?.serverId;
    if (isSame && this.#joined !== undefined) return this.#joined;
    const cluster = config && (await Cluster.join({ ...this.#parts, config, stateFolder, policy, width }));
    return { config, serverId, cluster };
  }

  /** Takes leave of a cluster that was prepared, and is not gone over to. */
  async discard({ cluster }: Candidate): Promise<void> {
    if (cluster !== this.cluster) await cluster?.leave();
  }

  /** Goes over to a cluster that was prepared, and takes leave of the one before. */
  async goOverTo(candidate: Candidate): Promise<void> {
    const former = this.cluster;
    this.#joined = candidate;
    this.#acceptor.join(candidate.cluster);
    if (former !== candidate.cluster) await former?.leave();
  }
}
