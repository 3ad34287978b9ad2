import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait.js';

/** A real rsyslogd that takes what is sent to a socket of its own. */
export class Rsyslog {
  readonly #folder: string;
  readonly #socket: string;
  #child: ChildProcess | undefined;
  #closed: Promise<unknown> | undefined;

  /**
   * @param folder for its files
   * @param socket where it listens
   */
  constructor(folder: string, socket: string) {
    this.#folder = folder;
    this.#socket = socket;
  }

  /** Starts it, also once more, and waits until it listens. */
  async start(): Promise<void> {
    const config = join(this.#folder, 'rsyslog.conf');
    writeFileSync(
      config,
      `global(workDirectory="${this.#folder}" maxMessageSize="64k")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${this.#socket}")
template(name="told" type="string" string="%syslogfacility-text%.%syslogseverity-text% %syslogtag%%msg%\\n")
action(type="omfile" file="${this.#path('told')}" template="told")
action(type="omfile" file="${this.#path('usual')}" template="RSYSLOG_TraditionalFileFormat")
`,
    );
    rmSync(this.#socket, { force: true });
    this.#child = spawn('/usr/sbin/rsyslogd', ['-n', '-iNONE', '-f', config], { stdio: 'ignore' });
    this.#closed = once(this.#child, 'close');
    await waitFor('the socket of rsyslogd', () => existsSync(this.#socket) || undefined, 20_000);
  }

  /** The lines that it has written: facility and severity, then tag and message. */
  get told(): string[] {
    return existsSync(this.#path('told')) ? readFileSync(this.#path('told'), 'utf8').split('\n') : [];
  }

  /** The last whole line. */
  get last(): string {
    return this.told.at(-2) ?? '';
  }

  /** The file with the lines as a distribution has them written. */
  get usual(): string {
    return this.#path('usual');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#closed;
  }

  #path(name: string): string {
    return join(this.#folder, `rsyslog.${name}`);
  }
}
