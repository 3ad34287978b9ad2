import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { repositoryPath } from './paths.js';

const PROGRAM = repositoryPath('test/support/notify-receiver.py');

/** Takes the messages of daemons, as systemd does or a syslog daemon; Node.js has no such sockets. */
export class NotifyReceiver {
  /** What has come. */
  readonly messages: string[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Receives at a path from now on. */
  static async open(path: string): Promise<NotifyReceiver> {
    const child = spawn('python3', [PROGRAM, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const receiver = new NotifyReceiver(child);
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    lines.on('line', (line) => receiver.messages.push(JSON.parse(line) as string));
    return receiver;
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
