import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { DEFAULT_CONTROL_SOCKET } from '../core/config-schema.js';
import { reasonOf } from './reason.js';

/** The daemon could not be reached, or did not do what it was asked. The message is a sentence. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

/** What the daemon answered. */
export interface Reply {
  /** As in HTTP. */
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
}

/** Milliseconds without a byte after which nobody answers any more. */
const PATIENCE = 120_000;

/** The largest answer is a list of grants. */
const MOST_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * The path of the socket that a config names. A config that cannot be read does not keep us from the
 * daemon, which goes on with its former one: then it is the default.
 */
export async function controlSocketOf(config: string): Promise<string> {
  try {
    const toml = parse(await readFile(config, 'utf8'));
    const { control_socket: path } = (toml['server'] ?? {}) as Record<string, unknown>;
    if (typeof path === 'string' && path !== '') return resolve(dirname(config), path);
  } catch {
    // "bouncer check" tells what is wrong with it.
  }
  return DEFAULT_CONTROL_SOCKET;
}

/**
 * Asks the daemon.
 * @param path the socket's
 * @throws {ControlError} if nobody answers
 */
export function askDaemon(path: string, method: string, target: string, body = ''): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(new ControlError(connectReason(path, error), { cause: error }));
    };
    const asked = request(
      { socketPath: path, method, path: target, timeout: PATIENCE, agent: false },
      (response) => {
        const pieces: Buffer[] = [];
        let size = 0;
        response.on('data', (piece: Buffer) => {
          size += piece.length;
          pieces.push(piece);
          if (size > MOST_ANSWER_BYTES) response.destroy(new Error('the answer has no end'));
        });
        response.on('error', fail);
        response.on('end', () => {
          try {
            const text = Buffer.concat(pieces).toString('utf8');
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
          } catch (error) {
            fail(new Error(`the answer is not JSON: ${reasonOf(error)}`));
          }
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('it does not answer')));
    asked.on('error', fail);
    asked.end(body);
  });
}

function connectReason(path: string, error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  const isSystemError = typeof code === 'string';
  // Without root, neither the config nor what is in its folder may be visible.
  if (isSystemError && process.geteuid?.() !== 0) return 'only root may ask the daemon: try it with sudo';
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return `no bouncer is running: nobody listens at ${path} (--socket PATH names another)`;
  }
  return `${path}: ${error.message}`;
}
