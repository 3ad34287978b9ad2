import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { minute } from '@bouncer-spa/protocol';
import bunyan from 'bunyan';
import type { Control } from '@bouncer-spa/bouncer/dist/core/control.js';
import type { Submission } from '@bouncer-spa/bouncer/dist/core/submission.js';
import type { GrantTarget, GrantView } from '@bouncer-spa/bouncer/dist/core/grant-view.js';
import { askDaemon, controlSocketOf } from '@bouncer-spa/bouncer/dist/system/control-client.js';
import { controlListener } from '@bouncer-spa/bouncer/dist/system/control-routes.js';
import { ControlServer } from '@bouncer-spa/bouncer/dist/system/control-server.js';
import { STATUS } from './status-sample.js';

const grants: readonly GrantView[] = [
  {
    id: '0badcafe',
    client: 'alice',
    action: 'ssh',
    address: '192.0.2.7',
    argument: '',
    kind: 'open',
    seconds: 30,
    state: 'failing',
    failure: 'nft is missing',
  },
];

const LOG = bunyan.createLogger({ name: 'test', streams: [] });

describe('The control server', () => {
  let folder: string;
  let path: string;
  let servers: ControlServer[];
  let problems: readonly string[];
  let revoked: GrantTarget | undefined;
  let unconfirmed: string | undefined;
  let submitted: Uint8Array | undefined;
  let submission: Submission | undefined;

  const control: Control = {
    status: () => STATUS,
    reload: () => Promise.resolve(problems),
    grants: () => grants,
    replay: () => ({ floor: minute(29_453_760), packets: [] }),
    revoke: (target) => {
      revoked = target;
      return Promise.resolve(grants);
    },
    confirm: () => Promise.resolve(unconfirmed),
    submit: (packet) => {
      submitted = packet;
      return Promise.resolve(submission);
    },
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-control-'));
    path = join(folder, 'run', 'control.sock');
    servers = [];
    problems = [];
    revoked = undefined;
    unconfirmed = undefined;
    submitted = undefined;
    submission = { decision: 'reject', reason: 'replay', text: 'already accepted once' };
  });

  afterEach(async () => {
    for (const server of servers) await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(at = path): Promise<ControlServer> {
    const server = await ControlServer.open(at, controlListener(control, LOG));
    servers.push(server);
    return server;
  }

  async function refusal(at = path): Promise<string> {
    try {
      await open(at);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Leaves a socket behind on which nobody listens. */
  async function leaveSocket(): Promise<void> {
    mkdirSync(join(folder, 'run'), { mode: 0o700 });
    const dead = createServer().listen(join(folder, 'run', 'dead'));
    await once(dead, 'listening');
    const { renameSync } = await import('node:fs');
    renameSync(join(folder, 'run', 'dead'), path); // closing removes the former name only
    dead.close();
    await once(dead, 'close');
  }

  it('makes a socket, and its folder, that only the owner gets at', async () => {
    const umask = process.umask(0);
    try {
      await open();
    } finally {
      process.umask(umask);
    }
    expect(lstatSync(path).mode & 0o777).to.equal(0o600);
    expect(lstatSync(join(folder, 'run')).mode & 0o777).to.equal(0o700);
    expect(readdirSync(join(folder, 'run'))).to.deep.equal(['control.sock']);
  });

  it('replaces the socket that a dead daemon has left', async () => {
    await leaveSocket();
    await open();
    expect((await askDaemon(path, 'GET', '/status')).status).to.equal(200);
  });

  it("does not take a live daemon's socket", async () => {
    await open();
    expect(await refusal()).to.equal('another bouncer is listening there');
    expect((await askDaemon(path, 'GET', '/status')).status).to.equal(200);
  });

  it('does not remove what is no socket', async () => {
    mkdirSync(join(folder, 'run'), { mode: 0o700 });
    writeFileSync(path, 'mine');
    expect(await refusal()).to.equal('there is something else than a socket: remove it');
    expect(lstatSync(path).isFile()).to.equal(true);
  });

  it('does not listen in a folder in which others could put their own socket', async () => {
    mkdirSync(join(folder, 'run'));
    chmodSync(join(folder, 'run'), 0o777);
    expect(await refusal()).to.include('others can change');
  });

  it('says when the path is too long for a socket, and leaves nothing behind', async () => {
    const long = join(folder, 'x'.repeat(90));
    expect(await refusal(long)).to.equal('the path is longer than 107 bytes');
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('removes its socket when it is closed, but not that of another', async () => {
    const first = await open();
    await first.close();
    expect(readdirSync(join(folder, 'run'))).to.deep.equal([]);
    const second = await open();
    rmSync(path);
    expect(await second.serves(path)).to.equal(false);
    await open();
    await second.close();
    expect((await askDaemon(path, 'GET', '/status')).status).to.equal(200);
  });

  it('answers with what the daemon says', async () => {
    await open();
    expect(await askDaemon(path, 'GET', '/status')).to.deep.equal({ status: 200, body: STATUS });
    const good = { reloaded: true, problems: [] };
    expect(await askDaemon(path, 'POST', '/reload')).to.deep.equal({ status: 200, body: good });
    problems = ['one', 'two'];
    const bad = { reloaded: false, problems };
    expect(await askDaemon(path, 'POST', '/reload')).to.deep.equal({ status: 422, body: bad });
  });

  it('lists grants', async () => {
    await open();
    expect(await askDaemon(path, 'GET', '/grants')).to.deep.equal({ status: 200, body: { grants } });
  });

  for (const [query, target] of [
    ['all=', 'all'],
    ['id=0badcafe', { id: '0badcafe' }],
    ['client=a.b%20c', { client: 'a.b c' }],
    [
      'address=192.0.2.7',
      { address: Uint8Array.from(Buffer.from('00000000000000000000ffffc0000207', 'hex')) },
    ],
  ] as const) {
    it(`ends the grants that "${query}" names`, async () => {
      await open();
      expect(await askDaemon(path, 'DELETE', `/grants?${query}`)).to.deep.equal({
        status: 200,
        body: { grants },
      });
      expect(revoked).to.deep.equal(target);
    });
  }

  for (const query of ['', '?', '?everything=', '?address=localhost', '?id=0badcafe&all=']) {
    it(`ends no grant for "/grants${query}"`, async () => {
      await open();
      expect((await askDaemon(path, 'DELETE', `/grants${query}`)).status).to.equal(400);
      expect(revoked).to.equal(undefined);
    });
  }

  it('has a trial confirmed, or says why there is none', async () => {
    await open();
    expect(await askDaemon(path, 'POST', '/confirm')).to.deep.equal({
      status: 200,
      body: { confirmed: true },
    });
    unconfirmed = 'there is no trial';
    expect(await askDaemon(path, 'POST', '/confirm')).to.deep.equal({
      status: 409,
      body: { error: 'there is no trial' },
    });
  });

  it('hands packets on, wherever their text is broken into lines', async () => {
    await open();
    const packet = Buffer.alloc(124, 0xfb);
    for (const text of [
      packet.toString('base64'),
      packet.toString('base64').replaceAll(/.{60}/g, '$&\r\n'),
    ]) {
      submitted = undefined;
      expect(await askDaemon(path, 'POST', '/submit', text)).to.deep.equal({ status: 422, body: submission });
      expect(submitted).to.deep.equal(packet);
    }
    submission = { decision: 'accept', client: 'alice', action: 'ssh', address: '192.0.2.7', duration: 30 };
    const good = { status: 200, body: submission };
    expect(await askDaemon(path, 'POST', '/submit', packet.toString('base64'))).to.deep.equal(good);
    submission = undefined;
    expect((await askDaemon(path, 'POST', '/submit', packet.toString('base64'))).status).to.equal(403);
  });

  for (const text of ['', ' ', '<html>', 'AAA', 'AAAA=', 'AAAAA', 'AA-_', '\0AAA']) {
    it(`does not take ${JSON.stringify(text)} for a packet`, async () => {
      await open();
      const reply = { status: 400, body: { error: 'the body is not a packet in base64' } };
      expect(await askDaemon(path, 'POST', '/submit', text)).to.deep.equal(reply);
      expect(submitted).to.equal(undefined);
    });
  }

  for (const [what, method, target, body, status, error] of [
    ['another path', 'GET', '/secrets', '', 404, 'there is nothing at /secrets'],
    ['the name of a method of objects', 'GET', '/constructor', '', 404, 'there is nothing at /constructor'],
    ['another method', 'DELETE', '/status', '', 405, '/status takes GET only'],
    [
      'a body that is too large',
      'POST',
      '/reload',
      'x'.repeat(5_000),
      413,
      'the body is larger than 4096 bytes',
    ],
    ['a body without end', 'POST', '/reload', 'x'.repeat(8e6), 413, 'the body is larger than 4096 bytes'],
  ] as const) {
    it(`refuses ${what} with a sentence`, async () => {
      await open();
      try {
        expect(await askDaemon(path, method, target, body)).to.deep.equal({ status, body: { error } });
      } catch (cause) {
        // It does not wait for the rest of a body that it does not want.
        if (status !== 413) throw cause;
        expect((cause as Error).message).to.match(/EPIPE|ECONNRESET|socket hang up/);
      }
      expect((await askDaemon(path, 'GET', '/status')).status).to.equal(200);
    });
  }

  it('says so when a request breaks something, and goes on', async () => {
    const broken: Control = {
      ...control,
      status: () => {
        throw new Error('out of order');
      },
    };
    servers.push(await ControlServer.open(path, controlListener(broken, LOG)));
    const reply = { status: 500, body: { error: 'out of order' } };
    expect(await askDaemon(path, 'GET', '/status')).to.deep.equal(reply);
    expect((await askDaemon(path, 'POST', '/reload')).status).to.equal(200);
  });

  it('closes a connection whose request is nonsense or too long in its head', async () => {
    await open();
    for (const bytes of ['\0\x01\x02\r\n\r\n', `GET /status HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`]) {
      const answer = await exchange(bytes);
      expect(answer).to.match(/^HTTP\/1\.1 4\d\d /);
    }
  });

  it('closes a connection that does not finish its request', async function () {
    this.timeout(40_000);
    await open();
    const began = performance.now();
    const answers = await Promise.all([
      exchange('GET /sta'),
      exchange('POST /reload HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf'),
    ]);
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1\.1 408 /);
    expect(performance.now() - began).to.be.greaterThan(4_000);
  });

  it('answers 50 at once, and keeps a bound on those who only stay', async () => {
    await open();
    const replies = await Promise.all(Array.from({ length: 50 }, () => askDaemon(path, 'GET', '/status')));
    expect(new Set(replies.map(({ status }) => status))).to.deep.equal(new Set([200]));
    const idlers: Socket[] = [];
    let closed = 0;
    try {
      for (let count = 0; count < 100; count++) {
        const socket = connect(path);
        socket.on('error', () => undefined);
        socket.on('close', () => closed++);
        idlers.push(socket);
      }
      while (closed < 100 - 64) await sleep(10);
      expect(closed).to.equal(100 - 64);
    } finally {
      for (const socket of idlers) socket.destroy();
    }
    while (closed < 100) await sleep(10);
    expect((await askDaemon(path, 'GET', '/status')).status).to.equal(200);
  });

  /** Sends bytes and waits for the end of the connection. */
  async function exchange(bytes: string): Promise<string> {
    const socket = connect(path);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
    return answer;
  }
});

describe('The path of the control socket', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-control-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [what, config, path] of [
    ['is that of the config', '[server]\ncontrol_socket = "/run/other.sock"', '/run/other.sock'],
    ['is relative to the config', '[server]\ncontrol_socket = "x/y.sock"', 'FOLDER/x/y.sock'],
    ['is found whatever else is wrong', '[server]\ncontrol_socket = "/a"\nid = 7\n[x]', '/a'],
    ['is the default if the config names none', '[server]', '/run/bouncer/control.sock'],
    ['is the default if it is none', '[server]\ncontrol_socket = 7', '/run/bouncer/control.sock'],
    ['is the default if the config is no TOML', '[server', '/run/bouncer/control.sock'],
    ['is the default if "server" is no table', 'server = 7', '/run/bouncer/control.sock'],
    ['is the default if there is no config', undefined, '/run/bouncer/control.sock'],
  ] as const) {
    it(what, async () => {
      const file = join(folder, 'bouncer.toml');
      if (config !== undefined) writeFileSync(file, config);
      expect(await controlSocketOf(file)).to.equal(path.replace('FOLDER', folder));
    });
  }
});
