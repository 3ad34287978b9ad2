const DEFAULT_PORT = 6_379;

/** Where a store is and how it is spoken to, without what proves who we are. */
export interface StoreUrl {
  readonly tls: boolean;
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Its ACL's user; `undefined` for the default one. */
  readonly user: string | undefined;
  /** Number of the database. */
  readonly database: number;
}

/**
 * Reads the URL of a Redis or Valkey, as IANA has registered `redis` and `rediss`, but for passwords.
 * @returns a sentence if it is not one; what was written is not in it, since it may be a password
 */
export function parseStoreUrl(text: string): StoreUrl | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    return 'expected a URL such as "rediss://valkey.example.net:6379"';
  if (url.password !== '')
    return 'has a password in it: write that into a file of mode 0600, and name it as cluster.password_file';
  if (url.port === '0') return 'has port 0, where nobody listens';
  const [, database] = /^\/?(\d{0,5})$/.exec(url.pathname) ?? [];
  if (database === undefined || url.search !== '' || url.hash !== '')
    return 'has more after the host and the port than the number of a database';
  const user = decoded(url.username);
  if (user === undefined)
    return 'has a user in another form than percent encoding: write "%" itself as "%25"';
  return {
    tls: url.protocol === 'rediss:',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user: user === '' ? undefined : user,
    database: Number(database),
  };
}

/** @returns `undefined` if it is no percent encoding of UTF-8 */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
