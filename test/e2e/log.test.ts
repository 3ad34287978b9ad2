import { expect } from 'chai';
import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@bouncer-spa/protocol';
import type { LogRecord } from '../support/bouncer.js';
import { message } from '../support/installation.js';
import { BOUNCER, repositoryPath } from '../support/paths.js';
import { isRunning } from '../support/processes.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { Tmpfs } from '../support/tmpfs.js';
import { waitFor } from '../support/wait.js';

const BUNYAN = repositoryPath('node_modules/bunyan/bin/bunyan');

describe('The log', () => {
  const stage = new Stage();
  let sender: Sender;

  beforeEach(function () {
    stage.open(this);
    const { installation } = stage;
    for (const name of ['alice', 'stranger']) installation.addClient(name);
    configure();
    sender = stage.sender();
  });

  afterEach(() => stage.close());

  function configure(log = ''): void {
    const { installation } = stage;
    const script = installation.writeScript('note.sh', `echo "$1" >> "${installation.path('noted')}"`);
    installation.writeConfig(`
[log]
${log}

[actions.note]
code = 21
run = ["${script}", "{argument}"]
argument = "[a-z0-9]*"

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`);
  }

  function packet(argument = ''): Uint8Array {
    return stage.installation.packet('alice', 21, { argument });
  }

  /** A packet that comes as far as the locator. */
  function strange(): Uint8Array {
    return stage.installation.packet('stranger', 21);
  }

  /** A packet that comes as far as the tag. */
  function forged(): Uint8Array {
    const bytes = packet();
    bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1);
    return bytes;
  }

  /** Starts a daemon whose log goes elsewhere, and waits until it acts. */
  async function startWith(stdout: number): Promise<ChildProcess> {
    const { network, installation } = stage;
    const argv = [process.execPath, BOUNCER, 'run', '-c', installation.config];
    const child = network.start(network.server, argv, { stdio: ['ignore', stdout, 'inherit'] });
    const closed = once(child, 'close');
    stage.whenClosed(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    // Packets that come before it listens are lost.
    for (let tries = 0; !installation.read('noted').includes('ready'); tries++) {
      if (tries === 200) throw new Error('it does not listen');
      await sleep(50);
      await send(packet('ready'));
    }
    return child;
  }

  async function send(bytes: Uint8Array): Promise<void> {
    await sender.send(bytes, stage.network.server.ipv4);
  }

  /** Shows that a packet is still accepted, by what its action does. */
  async function expectAction(argument: string): Promise<void> {
    await send(packet(argument));
    await waitFor(
      `the action ${argument}`,
      () => stage.installation.read('noted').includes(argument) || undefined,
    );
  }

  describe('of rejects', () => {
    it('has so many lines a minute for each reason, and counts the rest at the end', async () => {
      configure('rejects_per_minute = 3');
      const bouncer = await stage.bouncer();
      for (let count = 0; count < 10; count++) await send(strange());
      for (let count = 0; count < 5; count++) await send(forged());
      await send(packet());
      await waitFor('the acceptance', () => bouncer.accepted.length > 0 || undefined);
      const oneByOne = bouncer.rejected.map(({ reason }) => reason);
      expect(oneByOne).to.deep.equal([...Array<string>(3).fill('locator'), ...Array<string>(3).fill('tag')]);

      expect(await bouncer.stop()).to.equal(0);
      const counts = bouncer.rejected.slice(6).map(({ reason, count, msg }) => ({ reason, count, msg }));
      expect(counts).to.deep.equal([
        {
          reason: 'locator',
          count: 7,
          msg: 'rejected 7 more: no client of this server sealed it for a known action',
        },
        {
          reason: 'tag',
          count: 2,
          msg: 'rejected 2 more: not sealed by the client it names, or changed on the way',
        },
      ]);
    });

    it('has no lines but still the counts if none are wanted', async () => {
      configure('rejects_per_minute = 0');
      const bouncer = await stage.bouncer();
      for (let count = 0; count < 4; count++) await send(strange());
      await send(packet());
      await waitFor('the acceptance', () => bouncer.accepted.length > 0 || undefined);
      expect(bouncer.rejected).to.deep.equal([]);
      await bouncer.stop();
      expect(bouncer.rejected.map(({ reason, count }) => ({ reason, count }))).to.deep.equal([
        { reason: 'locator', count: 4 },
      ]);
    });
  });

  describe('on a disk that is full', () => {
    let disk: Tmpfs;
    let path: string;
    let child: ChildProcess;

    beforeEach(async () => {
      disk = new Tmpfs(stage.installation.path('log'), 64);
      stage.whenClosed(() => {
        disk.unmount();
      });
      path = join(disk.folder, 'log');
      const log = openSync(path, 'a');
      try {
        child = await startWith(log);
      } finally {
        closeSync(log);
      }
      disk.fill();
    });

    /** Has packets accepted until nothing of the log fits any more. @returns how many */
    async function exhaust(): Promise<number> {
      let size = -1;
      let sent = 0;
      while (statSync(path).size > size) {
        if (sent > 200) throw new Error('the disk is not full');
        ({ size } = statSync(path));
        // A record or two do not have to be larger than what is left of the page.
        for (let count = 0; count < 5; count++, sent++) await expectAction(`full${sent}x`);
      }
      return sent;
    }

    async function stop(): Promise<void> {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    }

    it('does not keep the daemon from accepting', async () => {
      await exhaust();
      await expectAction('stillaccepted');
      expect(isRunning(child.pid ?? 0)).to.equal(true);
    });

    it('says how many lines were lost, as soon as there is room again', async () => {
      const sent = await exhaust();
      disk.free();
      await expectAction('roomagain');
      await stop();

      const records = recordsOf(readFileSync(path, 'utf8'));
      const losses = records.filter(({ lost }) => lost !== undefined);
      expect(losses.map(({ msg }) => msg)).to.deep.equal([
        `${String(losses[0]?.['lost'])} log lines were lost: ENOSPC: no space left on device, write`,
      ]);
      const ready = stage.installation
        .read('noted')
        .split('\n')
        .filter((line) => line === 'ready').length;
      // Each packet has two lines; the start and the end of the daemon have two each.
      const written = 2 * (ready + sent + 1) + 4;
      expect(Number(losses[0]?.['lost']) + records.length - 1).to.equal(written);
    });

    it('is made of whole lines nevertheless', async () => {
      await exhaust();
      disk.free();
      await expectAction('roomagain');
      await stop();
      expect(() => recordsOf(readFileSync(path, 'utf8'))).to.not.throw();
    });

    it('goes on after the file was emptied, as logrotate does', async () => {
      await exhaust();
      truncateSync(path);
      await expectAction('emptied');
      await stop();
      const accepted = recordsOf(readFileSync(path, 'utf8')).filter(({ decision }) => decision === 'accept');
      expect(accepted).to.not.deep.equal([]);
    });
  });

  describe('into a pipe', () => {
    /** Has more written than a pipe holds, 64 KiB, at a pace that the capture can keep up with. */
    async function overfill(): Promise<void> {
      const junk = strange();
      for (let batch = 0; batch < 10; batch++) {
        for (let count = 0; count < 50; count++) await send(junk);
        await expectAction(`batch${batch}x`);
      }
    }

    /** A named pipe, open at its reader's end. */
    function pipe(): { readonly reader: number; readonly writer: number } {
      const path = stage.installation.path('pipe');
      execFileSync('mkfifo', [path]);
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return { reader, writer: openSync(path, constants.O_WRONLY) };
    }

    async function stopped(child: ChildProcess): Promise<unknown> {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      return closed;
    }

    it('whose reader never reads keeps the daemon neither from accepting nor from ending', async () => {
      configure('rejects_per_minute = 10000');
      const { reader, writer } = pipe();
      stage.whenClosed(() => {
        closeSync(reader);
      });
      const child = await startWith(writer);
      closeSync(writer);
      await overfill();
      expect(await stopped(child)).to.deep.equal([0, null]);
    });

    it('whose reader is gone keeps the daemon neither from accepting nor from ending', async () => {
      const { reader, writer } = pipe();
      const child = await startWith(writer);
      closeSync(writer);
      closeSync(reader);
      for (const argument of ['one', 'two', 'three']) await expectAction(argument);
      expect(await stopped(child)).to.deep.equal([0, null]);
    });
  });

  describe('of everything that can happen', () => {
    let secrets: Record<string, Uint8Array>;
    let said: string;
    let complaints: string;

    beforeEach(async () => {
      const { installation, network } = stage;
      const key = (name: string): Buffer => Buffer.from(installation.read(name).trim(), 'hex');
      const bouncer = await stage.bouncer(['-v']);
      const accepted = packet('said');
      const other = seal(installation.sealer('alice', 'gw2.example.net'), message(21));
      const packets = [accepted, accepted, strange(), forged(), other, packet('NOT MATCHING')];
      for (const bytes of packets) await send(bytes);
      await sender.send(accepted, network.server.ipv6);
      await bouncer.logged('the end of the action', ({ msg }) => msg.startsWith('action note'));

      const oldSeed = key('alice.seed');
      installation.addClient('alice');
      await bouncer.reload();
      const renewed = packet('renewed');
      await decisionOn(stage, bouncer, sender, renewed);

      // Secrets in the wrong places, as they are made by mistake.
      const seed = key('alice.seed').toString('hex');
      const config = installation.read('bouncer.toml');
      const refused = ({ msg }: LogRecord): boolean => msg.startsWith('config not reloaded');
      writeFileSync(installation.path('alice.seed'), `${seed}${seed.slice(0, 8)}\n`);
      await bouncer.signal('SIGHUP', 'a refusal for a long seed', refused);
      writeFileSync(installation.path('alice.seed'), `seed = ${seed}\n`);
      await bouncer.signal('SIGHUP', 'a refusal for another form', refused);
      writeFileSync(installation.config, config.replace('"alice.seed"', `"${seed}"`));
      await bouncer.signal('SIGHUP', 'a refusal for a seed instead of a file', refused);
      writeFileSync(
        installation.config,
        config.replace('"gate.key"', `"${key('gate.key').toString('hex')}"`),
      );
      await bouncer.signal('SIGHUP', 'a refusal for a gate key instead of a file', refused);
      writeFileSync(installation.config, config.replace('seed_file = "alice.seed"', `seed = "${seed}"`));
      await bouncer.signal('SIGHUP', 'a refusal for an unknown key', refused);
      writeFileSync(installation.config, config.replace('seed_file = "alice.seed"', `seed = ${seed}`));
      await bouncer.signal('SIGHUP', 'a refusal for what is not TOML', refused);
      await bouncer.stop();

      said = bouncer.records.map((record) => JSON.stringify(record)).join('\n');
      complaints = bouncer.complaints;
      secrets = {
        'the gate key': key('gate.key'),
        'the old seed': oldSeed,
        'the new seed': Buffer.from(seed, 'hex'),
        "a stranger's seed": key('stranger.seed'),
      };
      for (const [number, bytes] of [...packets, renewed].entries()) secrets[`packet ${number}`] = bytes;
    });

    it('has no secret and no packet in it, in no form', () => {
      const text = `${said}\n${complaints}`.toLowerCase();
      const found = Object.entries(secrets).flatMap(([name, bytes]) => {
        // Twelve bytes of it would already be too much.
        const parts = [bytes.subarray(0, 12), bytes.subarray(-12)].map((part) => Buffer.from(part));
        const forms = parts.flatMap((part) => [
          part.toString('hex'),
          part.toString('base64').slice(0, 16).toLowerCase(),
          part.toString('base64url').slice(0, 16).toLowerCase(),
          JSON.stringify([...part]).slice(1, -1),
        ]);
        return forms.some((form) => text.includes(form)) ? [name] : [];
      });
      expect(found).to.deep.equal([]);
    });

    it('is silent on standard error', () => {
      expect(complaints).to.equal('');
    });

    it('is rendered line by line by bunyan', () => {
      const rendered = execFileSync(process.execPath, [BUNYAN, '--output', 'short', '--no-color'], {
        input: `${said}\n`,
        encoding: 'utf8',
      });
      const heads = rendered.split('\n').filter((line) => /^\d\d:\d\d:\d\d\.\d{3}Z /.test(line));
      expect(heads).to.have.length(said.split('\n').length);
      expect(heads[0]).to.match(/ INFO bouncer: /);
      expect(rendered).to.not.include('{"');
    });
  });
});

function recordsOf(text: string): LogRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as LogRecord;
      } catch {
        throw new Error(`not a record: ${line}`);
      }
    });
}
