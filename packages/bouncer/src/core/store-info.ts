/** Redis 7.0 is the first that can set a key and tell its former value in one step if there was none. */
const LEAST_VERSION = 7;

/** What a store says of itself. */
export interface StoreInfo {
  /** Changes when it starts, and when another takes its place: what was written before may be missing. */
  readonly incarnation: string;
  /** Its clock, Unix time in milliseconds. */
  readonly clock: number;
  readonly isMaster: boolean;
  /** Why it cannot be relied on, if so. */
  readonly refusal: string | undefined;
}

/** Reads the answer to INFO: its sections server, replication and memory. */
export function parseStoreInfo(text: string): StoreInfo {
  const said = new Map(
    Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, name = '', value = '']) => [name, value]),
  );
  return {
    incarnation: `${said.get('run_id') ?? ''}-${said.get('master_replid') ?? ''}`,
    clock: Number(said.get('server_time_usec')) / 1_000,
    isMaster: said.get('role') === 'master',
    refusal: refusalOf(said),
  };
}

function refusalOf(said: ReadonlyMap<string, string>): string | undefined {
  // Valkey says with which Redis it is compatible.
  const version = said.get('redis_version') ?? '';
  if (!(Number.parseInt(version) >= LEAST_VERSION))
    return `its version is "${version}": Redis ${LEAST_VERSION} or Valkey is needed`;
  if (said.get('maxmemory') === '0' || said.get('maxmemory_policy') === 'noeviction') return undefined;
  return 'it forgets keys when its memory is full: set maxmemory-policy to noeviction';
}
