import { chmod, lstat, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { prepareFolder } from './private-folder.js';

/** Longest path of a Unix socket in bytes (unix(7)); Linux would cut a longer one off. */
const LONGEST_PATH = 107;

/** Connections at once; one more is closed unheard. */
const MOST_CONNECTIONS = 64;

/** Largest head of a request in bytes. */
const MOST_HEAD_BYTES = 8 * 1024;

/** Milliseconds for a request to be there, first its head, then all of it. */
const HEAD_MILLISECONDS = 5_000;
const REQUEST_MILLISECONDS = 10_000;

/** Milliseconds without a byte either way after which a connection is closed: longer than a reload takes. */
const IDLE_MILLISECONDS = 120_000;

/** Milliseconds between looks for requests that take too long. */
const LOOK_MILLISECONDS = 2_500;

/** An HTTP server on a Unix socket that only root can connect to. */
export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #inode: bigint;

  private constructor(server: Server, path: string, inode: bigint) {
    this.#server = server;
    this.#path = path;
    this.#inode = inode;
  }

  /**
   * Listens. A socket that a dead daemon has left is replaced, that of a live one is not.
   * @throws {Error} if the socket cannot be made, or its folder cannot be trusted
   */
  static async open(path: string, listener: RequestListener): Promise<ControlServer> {
    await prepareFolder(dirname(path));
    await expectFree(path);
    const server = createServer(
      {
        maxHeaderSize: MOST_HEAD_BYTES,
        headersTimeout: HEAD_MILLISECONDS,
        requestTimeout: REQUEST_MILLISECONDS,
        connectionsCheckingInterval: LOOK_MILLISECONDS,
      },
      listener,
    );
    server.maxConnections = MOST_CONNECTIONS;
    server.timeout = IDLE_MILLISECONDS;
    // Made where nobody else gets at it and moved when its mode is right, so that there is no moment
    // at which others could connect.
    const nursery = await mkdtemp(join(dirname(path), '.new-'));
    try {
      const made = join(nursery, 's');
      if (Math.max(Buffer.byteLength(made), Buffer.byteLength(path)) > LONGEST_PATH) {
        throw new Error(`the path is longer than ${LONGEST_PATH} bytes`);
      }
      await listen(server, made);
      await chmod(made, 0o600);
      const { ino } = await lstat(made, { bigint: true });
      await rename(made, path);
      return new ControlServer(server, path, ino);
    } catch (error) {
      server.close();
      throw error;
    } finally {
      await rm(nursery, { recursive: true, force: true });
    }
  }

  /** Whether this is the server that whoever goes to the path finds. */
  async serves(path: string): Promise<boolean> {
    return path === this.#path && (await inodeOf(path)) === this.#inode;
  }

  /** Stops listening and removes the socket; requests that are being answered get their answer. */
  async close(): Promise<void> {
    if (await this.serves(this.#path)) await rm(this.#path, { force: true });
    this.#server.close();
    this.#server.closeIdleConnections();
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      // Such as too many open files: the connection is lost, the server goes on.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** @throws {Error} if something else than the socket of a dead daemon is there */
async function expectFree(path: string): Promise<void> {
  let stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (!stats.isSocket()) throw new Error('there is something else than a socket: remove it');
  if (await isAlive(path)) throw new Error('another bouncer is listening there');
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      // A live one that has no room now answers EAGAIN.
      resolve(!('code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')));
    });
  });
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await lstat(path, { bigint: true })).ino;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
