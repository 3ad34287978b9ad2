import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runToEnd } from './command.js';
import { waitFor } from './wait.js';

/** Where and how a server of Redis is to run. */
export interface RedisWishes {
  readonly host?: string;
  readonly port?: number;
  /** Further lines of its config. */
  readonly config?: readonly string[];
  /** What stands before the program, such as `ip netns exec NAME`. */
  readonly wrapper?: readonly string[];
  readonly sentinel?: boolean;
  /** Whether it takes TLS alone, with a certificate of its own for 127.0.0.1. */
  readonly tls?: boolean;
}

const PATIENCE = 20_000;

/** A server of Redis, Debian's own, with an empty folder; it keeps nothing when it ends. */
export class Redis {
  readonly host: string;
  readonly port: number;
  readonly folder = mkdtempSync(join(tmpdir(), 'bouncer-redis-'));
  readonly #wishes: RedisWishes;
  #child: ChildProcess | undefined;
  /** What it has said since it was started last. */
  output = '';

  private constructor(wishes: RedisWishes, port: number) {
    this.#wishes = wishes;
    this.host = wishes.host ?? '127.0.0.1';
    this.port = port;
  }

  /** Starts one and waits until it takes connections. */
  static async start(wishes: RedisWishes = {}): Promise<Redis> {
    const redis = new Redis(wishes, wishes.port ?? (await freePort()));
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** Starts it, empty, where it was before. */
  async start(): Promise<void> {
    const { config = [], wrapper = [], sentinel = false, tls = false } = this.#wishes;
    const ports = tls ? [`port 0`, `tls-port ${this.port}`, ...this.#certify()] : [`port ${this.port}`];
    const lines = [
      `bind ${this.host}`,
      ...ports,
      `dir ${this.folder}`,
      'protected-mode no',
      'save ""',
      ...config,
    ];
    const file = join(this.folder, 'redis.conf');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const name = join(this.folder, 'redis-server');
    // One program by several names; this one comes without a service that would be started.
    if (!existsSync(name)) symlinkSync('/usr/bin/redis-check-rdb', name);
    const [program = '', ...args] = [...wrapper, name, file, ...(sentinel ? ['--sentinel'] : [])];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    await waitFor(
      'redis-server to be ready',
      () => {
        if (child.exitCode !== null) throw new Error(`redis-server has ended: ${this.output}`);
        return /Ready to accept connections|Sentinel ID is/.test(this.output) || undefined;
      },
      PATIENCE,
    );
  }

  /** Gives it a command. @returns the answer, as redis-cli writes it */
  async command(...words: string[]): Promise<string> {
    const { wrapper = [] } = this.#wishes;
    const argv = [...wrapper, 'redis-cli', '-h', this.host, '-p', String(this.port), ...words];
    const { status, stdout, stderr } = await runToEnd(argv);
    if (status !== 0 || /^(ERR|NOAUTH|MOVED) /.test(stdout))
      throw new Error(`${words.join(' ')}: ${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  /** The certificate that its own is signed by, PEM: itself. */
  get authority(): string {
    return readFileSync(join(this.folder, 'cert.pem'), 'utf8');
  }

  /** Ends it at once, with all that it knows. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  /** Makes a certificate. @returns the lines of the config that name it */
  #certify(): string[] {
    const [key, cert] = [join(this.folder, 'key.pem'), join(this.folder, 'cert.pem')];
    const subject = ['-subj', '/CN=store', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const words = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    execFileSync('openssl', [...words, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return [`tls-cert-file ${cert}`, `tls-key-file ${key}`, 'tls-auth-clients no'];
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A port of the loopback interface that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
