import { expect } from 'chai';
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { SERVER_ID } from '../support/installation.js';
import { waitForEndOf } from '../support/process-end.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const CODE = 21;

/** What an injected command would make, in the folder that actions run in. */
const INJECTED = `/injected-${process.pid}`;

describe('An action', () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;

  beforeEach(function () {
    stage.open(this);
    stage.installation.addClient('alice');
    sender = stage.sender();
  });

  afterEach(() => stage.close());

  interface Wishes {
    /** The program and its arguments, instead of the script. */
    readonly run?: readonly string[];
    readonly options?: string;
    readonly tables?: string;
  }

  /** Starts a daemon whose only action runs the script. @returns the path of the script */
  async function start(script: string, { run, options = '', tables = '' }: Wishes = {}): Promise<string> {
    const { installation } = stage;
    const path = installation.writeScript('action.sh', script);
    installation.writeConfig(`
${tables}
[actions.act]
code = ${CODE}
run = ${JSON.stringify(run ?? [path])}
${options}

[clients.alice]
seed_file = "alice.seed"
actions = ["act"]
bind = "any"
`);
    bouncer = await stage.bouncer();
    return path;
  }

  function packet(argument = ''): Uint8Array {
    return stage.installation.packet('alice', CODE, { argument });
  }

  async function accepted(bytes = packet()): Promise<void> {
    expect(await decisionOn(stage, bouncer, sender, bytes)).to.include({ decision: 'accept' });
  }

  /** Has a packet accepted and waits for what the log says of the end of its action. */
  async function endOf(bytes = packet()): Promise<LogRecord> {
    const from = bouncer.records.length;
    await accepted(bytes);
    return bouncer.logged('the end of the action', ({ msg }) => msg.startsWith('action act of alice '), from);
  }

  function pidFrom(name: string): Promise<number> {
    return waitFor(`a process id in ${name}`, () => Number(stage.installation.read(name)) || undefined);
  }

  it('that succeeds is logged with its status', async () => {
    await start('exit 0');
    expect(await endOf()).to.include({
      msg: 'action act of alice exited with status 0',
      level: 30,
      client: 'alice',
      action: 'act',
      address: stage.network.client.ipv4,
      status: 0,
      timed_out: false,
    });
  });

  it('that fails is logged as an error with its status and what it said', async () => {
    await start('echo "no such host" >&2; exit 3');
    expect(await endOf()).to.include({
      msg: 'action act of alice exited with status 3',
      level: 50,
      status: 3,
      output: 'no such host\n',
      output_size: 13,
    });
  });

  it('that a signal ends is logged as an error with the signal', async () => {
    await start('kill -KILL $$');
    expect(await endOf()).to.include({
      msg: 'action act of alice was ended by SIGKILL',
      level: 50,
      signal: 'SIGKILL',
    });
  });

  it('that writes 10 MB has 4096 bytes of it logged and all of it counted', async () => {
    await start('head -c 10000000 /dev/zero | tr "\\0" x');
    expect(await endOf()).to.include({ status: 0, output: 'x'.repeat(4096), output_size: 10_000_000 });
  });

  it('gets its argument as one word, as it is, whatever a shell would make of it', async () => {
    const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    await start('', {
      run: [process.execPath, '-e', print, '--', '{argument}', '<{argument}>'],
      options: String.raw`argument = '[\s\S]*'`,
    });
    for (const argument of [
      `$(touch ${INJECTED})`,
      `\`touch ${INJECTED}\``,
      `; touch ${INJECTED}`,
      `' ; touch ${INJECTED} ; '`,
      `\ntouch ${INJECTED}\n`,
      '-rf',
      '{client} {argument}',
      '$& $1 %s \\n',
      ' ü 日本 ',
    ]) {
      const { output } = await endOf(packet(argument));
      expect(JSON.parse(String(output))).to.deep.equal([argument, `<${argument}>`]);
      expect(existsSync(INJECTED), argument).to.equal(false);
    }
  });

  it('has the environment that is documented, and nothing of that of the daemon', async () => {
    await start('', { run: ['/usr/bin/env'], options: 'argument = "[a-z ]*"\nfor = "30s"\nmax = "1h"' });
    const { ipv6 } = stage.network.client;
    const bytes = stage.installation.packet('alice', CODE, {
      argument: 'two words',
      duration: 90,
      address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 198, 51, 100, 7),
    });
    const from = bouncer.records.length;
    await sender.send(bytes, stage.network.server.ipv6);
    const { port } = await bouncer.logged('its acceptance', ({ decision }) => decision === 'accept', from);
    const { output } = await bouncer.logged('its end', ({ msg }) => msg.startsWith('action act '), from);
    expect(String(output).split('\n').filter(Boolean).sort()).to.deep.equal([
      'BOUNCER_ACTION=act',
      'BOUNCER_ADDRESS=198.51.100.7',
      'BOUNCER_ARGUMENT=two words',
      'BOUNCER_CLIENT=alice',
      `BOUNCER_CODE=${CODE}`,
      'BOUNCER_DURATION=90',
      `BOUNCER_PORT=${String(port)}`,
      `BOUNCER_SERVER=${SERVER_ID}`,
      `BOUNCER_SOURCE=${ipv6}`,
      'LC_ALL=C.UTF-8',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
  });

  it('runs in the root folder, leads a session of its own and reads nothing', async () => {
    await start('readlink /proc/$$/cwd /proc/$$/fd/0; cut -d " " -f 1,5,6 /proc/$$/stat');
    const [folder, input, ids = ''] = String((await endOf())['output']).split('\n');
    expect([folder, input]).to.deep.equal(['/', '/dev/null']);
    expect(new Set(ids.split(' ')).size, `process, group and session: ${ids}`).to.equal(1);
  });

  it("inherits none of the daemon's open files", async () => {
    await start('for d in /proc/$$/fd/*; do [ -L "$d" ] && readlink "$d"; done; exit 0');
    const targets = String((await endOf())['output'])
      .split('\n')
      .filter(Boolean);
    const script = stage.installation.path('action.sh');
    const others = targets.filter((target) => !/^(pipe|socket):/.test(target) && target !== '/dev/null');
    expect(others.filter((target) => target !== script)).to.deep.equal([]);
    // Its own output and error, and what the tests were started with.
    expect(targets).to.not.include.members(['anon_inode:[eventpoll]']);
  });

  it('that reaches its time limit is asked to end, and that is logged', async () => {
    await start('trap "echo tidied; exit 0" TERM; while :; do sleep 0.1; done', {
      options: 'timeout = "1s"',
    });
    const end = await endOf();
    expect(end).to.include({
      msg: 'action act of alice was ended at its time limit',
      level: 50,
      timed_out: true,
    });
    expect(end['output']).to.match(/^tidied$/m);
  });

  for (const [what, redirection] of [
    ['holds its output', ''],
    ['has an output of its own', '>/dev/null 2>&1'],
  ] as const) {
    it(`that reaches its time limit takes a grandchild with it that ignores being asked and ${what}`, async () => {
      const pidFile = stage.installation.path('pid');
      await start(
        `sh -c 'trap "" TERM; echo $$ > "${pidFile}"; while :; do sleep 0.1; done' ${redirection} & wait`,
        { options: 'timeout = "1s"' },
      );
      expect(await endOf()).to.include({ timed_out: true });
      await waitForEndOf(await pidFrom('pid'));
    });
  }

  it('gives its place back at its time limit even if a process that left it holds its output', async () => {
    const pidFile = stage.installation.path('pid');
    await start(`setsid sh -c 'echo $$ > "${pidFile}"; exec sleep 60' & wait`, {
      options: 'timeout = "1s"',
      tables: '[limits]\nrunning = 1',
    });
    expect(await endOf()).to.include({ timed_out: true });
    await accepted();
  });

  describe('whose program', () => {
    it('has disappeared is logged as not started, and the daemon goes on', async () => {
      const script = await start('exit 0');
      rmSync(script);
      const end = await endOf();
      expect(end).to.include({ level: 50 });
      expect(end.msg).to.match(/^action act of alice could not be started: .*ENOENT/);
      stage.installation.writeScript('action.sh', 'exit 0');
      expect(await endOf()).to.include({ status: 0 });
    });

    it('is not executable any more is logged as not started, and the daemon goes on', async () => {
      const script = await start('exit 0');
      rmSync(script);
      writeFileSync(script, '#!/bin/sh\n', { mode: 0o600 });
      expect((await endOf()).msg).to.match(/^action act of alice could not be started: .*EACCES/);
      await accepted();
    });

    it('is being written is logged as not started, and the daemon goes on', async () => {
      const script = await start('exit 0');
      const writing = openSync(script, 'r+');
      try {
        expect((await endOf()).msg).to.match(/^action act of alice could not be started: .*ETXTBSY/);
      } finally {
        closeSync(writing);
      }
      expect(await endOf()).to.include({ status: 0 });
    });
  });

  describe('beyond as many as may run', () => {
    let go: string;

    beforeEach(async () => {
      go = stage.installation.path('go');
      await start(`while [ ! -e "${go}" ]; do sleep 0.05; done; echo "$BOUNCER_ARGUMENT" >> "${go}"`, {
        tables: '[limits]\nrunning = 2',
        options: 'argument = "[a-z]*"\ntimeout = "1m"',
      });
      await accepted(packet('first'));
      await accepted(packet('second'));
    });

    it('is refused as busy', async () => {
      expect(await decisionOn(stage, bouncer, sender, packet('third'))).to.include({
        decision: 'reject',
        reason: 'busy',
        client: 'alice',
        action: 'act',
      });
    });

    it('is spent, and a new packet runs as soon as there is room', async () => {
      const third = packet('third');
      expect(await decisionOn(stage, bouncer, sender, third)).to.include({ reason: 'busy' });
      const from = bouncer.records.length;
      writeFileSync(go, '');
      for (const name of ['first', 'second']) {
        await waitFor(
          `the end of the ${name}`,
          () => stage.installation.read('go').includes(name) || undefined,
        );
      }
      await waitFor('both ends in the log', () =>
        bouncer.records.slice(from).filter(({ msg }) => msg.endsWith('exited with status 0')).length === 2
          ? true
          : undefined,
      );
      // From elsewhere, as whoever overheard it would send it.
      const { ipv6 } = stage.network.server;
      expect(await decisionOn(stage, bouncer, sender, third, { address: ipv6 })).to.include({
        reason: 'replay',
      });
      await accepted(packet('third'));
      await waitFor('the third', () => stage.installation.read('go').includes('third') || undefined);
    });
  });
});
