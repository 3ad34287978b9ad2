import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { ClientFolder, profileText } from './support/client-folder.js';
import { opener, OPENER } from './support/opener-process.js';
import { Receiver } from './support/receiver.js';
import { open } from './support/verifier.js';

const MEBIBYTE = 1024 * 1024;

describe('proxy', function () {
  this.timeout(40_000);
  let client: ClientFolder;
  let receiver: Receiver;
  let server: Server;
  let port: number;
  let serve: (socket: Socket) => void;

  beforeEach(async () => {
    client = new ClientFolder();
    receiver = await Receiver.listen('127.0.0.1');
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    const text = profileText('127.0.0.1', receiver.port).replace('default_action = "ssh"\n', '');
    client.write('home.toml', `${text}[actions.door]\ncode = 24\nopens = ["tcp/${port}"]\n`);
  });
  afterEach(() => {
    client.remove();
    receiver.close();
    server.close();
  });

  function start(): ChildProcess {
    // Ended by itself, or it would outlive a test that fails.
    const options = { env: client.env, timeout: 30_000 };
    return spawn(process.execPath, [OPENER, 'proxy', '127.0.0.1', String(port)], options);
  }

  it('sends the action that opens the port, and relays both ways until each has ended', async () => {
    // Answers only when all has been said: each way has to end by itself.
    serve = (socket) => {
      const hash = createHash('sha256');
      socket.on('data', (chunk) => hash.update(chunk)).on('end', () => socket.end(hash.digest('hex')));
    };
    const bytes = randomBytes(16 * MEBIBYTE);
    const { exitCode, stdout, stderr } = await opener(['proxy', '127.0.0.1', String(port)], {
      env: client.env,
      stdin: bytes,
    });
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.equal(createHash('sha256').update(bytes).digest('hex'));
    const [packet] = await receiver.all();
    expect(open(packet ?? Buffer.of(), 24).actionCode).to.equal(24);
  });

  it('finds the profile by its name, too, and then connects to its host', async () => {
    serve = (socket) => socket.end('hello');
    const outcome = await opener(['proxy', 'home', String(port)], client);
    expect(outcome).to.deep.equal({ exitCode: 0, stdout: 'hello', stderr: '' });
  });

  it('ends standard output when the far end has said all, and still takes standard input', async () => {
    const heard: Buffer[] = [];
    let ended: Promise<unknown> = Promise.resolve();
    serve = (socket) => {
      ended = once(socket, 'end');
      socket.on('data', (chunk) => heard.push(chunk));
      socket.end('hello');
    };
    const child = start();
    const closed = once(child, 'close');
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    if (child.stdout !== null) await once(child.stdout, 'end');
    expect(said).to.equal('hello');
    child.stdin?.end('goodbye');
    expect(await closed).to.deep.equal([0, null]);
    await ended;
    expect(Buffer.concat(heard).toString()).to.equal('goodbye');
  });

  it('does not read faster than the far end', async () => {
    let connection: Socket | undefined;
    serve = (socket) => {
      connection = socket.pause();
    };
    const child = start();
    const closed = once(child, 'close');
    let taken = 0;
    const chunk = Buffer.alloc(MEBIBYTE);
    // A second without progress, after which nothing is going to move by itself.
    const stuck = (): Promise<'stuck'> => wait(1_000, 'stuck' as const);
    const write = (): Promise<void> =>
      new Promise((resolve) => {
        child.stdin?.write(chunk, () => {
          taken++;
          resolve();
        });
      });
    let writing = write();
    while (taken < 64 && (await Promise.race([writing, stuck()])) !== 'stuck') writing = write();
    expect(taken).to.be.below(64);
    let received = 0;
    connection?.on('data', ({ length }) => (received += length)).on('end', () => connection?.end());
    connection?.resume();
    child.stdin?.end();
    expect(await closed).to.deep.equal([0, null]);
    expect(received).to.equal(taken * MEBIBYTE);
  });

  it('ends with 1 and a sentence if the connection breaks', async () => {
    serve = (socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    };
    const options = { env: client.env, stdin: 'hello' };
    const { exitCode, stderr } = await opener(['proxy', '127.0.0.1', String(port)], options);
    expect(stderr).to.equal('opener: the connection broke: connection reset by peer\n');
    expect(exitCode).to.equal(1);
  });

  it('ends with 1 and a sentence if nobody reads its output', async () => {
    serve = (socket) => {
      socket.write(Buffer.alloc(MEBIBYTE));
    };
    const child = start();
    child.stdout?.destroy();
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    expect(await once(child, 'close')).to.deep.equal([1, null]);
    expect(stderr).to.equal('opener: standard output broke: broken pipe\n');
  });

  it('without an action that opens the port is refused', async () => {
    const { exitCode, stderr } = await opener(['proxy', '127.0.0.1', '1'], client);
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('opener: no action is given\n');
  });
});
