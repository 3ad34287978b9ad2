import { expect } from 'chai';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isListening, type Bouncer, type LogRecord } from '../support/bouncer.js';
import { PORT } from '../support/installation.js';
import { waitForEndOf } from '../support/process-end.js';
import { isRunning } from '../support/processes.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const OTHER_PORT = PORT + 1;

/** What a reload that fails begins its log line with. */
const REFUSED = 'config not reloaded, the old one goes on: ';

describe('A reload', () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;
  let noteScript: string;

  beforeEach(function () {
    stage.open(this);
    stage.network.dropPort(PORT);
    const { installation } = stage;
    for (const name of ['alice', 'bob']) installation.addClient(name);
    noteScript = installation.writeScript('note.sh', `echo "$1" >> "${installation.path('noted')}"`);
    configure();
    sender = stage.sender();
  });

  afterEach(() => stage.close());

  async function start(options: string[] = []): Promise<void> {
    bouncer = await stage.bouncer(options);
  }

  interface Wishes {
    /** Tables beside those that are always there. */
    readonly tables?: string;
    readonly actions?: string;
    readonly clients?: string;
    readonly capture?: { readonly interface?: string; readonly port?: number; readonly delta?: number };
  }

  /** Writes the config that the daemon starts with, but for the wishes. */
  function configure({ tables = '', actions, clients, capture = {} }: Wishes = {}): void {
    stage.installation.writeConfig(
      `
${tables}
[actions.note]
code = 21
run = ["${noteScript}", "{argument}"]
argument = "[a-z0-9]*"
${actions ?? ''}
${clients ?? `${client('alice')}${client('bob')}`}
`,
      capture,
    );
  }

  /** Exchanges the config in one step, so that the daemon cannot read half of it. */
  function replaceConfig(text: string): void {
    const next = stage.installation.path('next.toml');
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, stage.installation.config);
  }

  function client(name: string, actions = '"note"'): string {
    return `[clients.${name}]\nseed_file = "${name}.seed"\nactions = [${actions}]\n`;
  }

  function packet(name = 'alice', code = 21, argument = ''): Uint8Array {
    return stage.installation.packet(name, code, { argument });
  }

  function decision(bytes: Uint8Array, options?: Parameters<typeof decisionOn>[4]): Promise<LogRecord> {
    return decisionOn(stage, bouncer, sender, bytes, options);
  }

  async function expectAccepted(bytes: Uint8Array): Promise<void> {
    expect(await decision(bytes)).to.include({ decision: 'accept' });
  }

  async function noted(argument: string): Promise<void> {
    await waitFor(
      `the action ${argument}`,
      () => stage.installation.read('noted').includes(argument) || undefined,
    );
  }

  /** Has the config read again, and waits until it has been refused. @returns the only record about it */
  async function refusedReload(): Promise<LogRecord> {
    const from = bouncer.records.length;
    bouncer.child.kill('SIGHUP');
    const refusal = await bouncer.logged('a refusal', ({ msg }) => msg.startsWith(REFUSED), from);
    await expectAccepted(packet());
    expect(bouncer.records.slice(from).filter(({ msg }) => msg.includes('reload'))).to.deep.equal([refusal]);
    expect(refusal.level).to.equal(50);
    return refusal;
  }

  describe('makes known', () => {
    beforeEach(() => start());

    it('an action that was added', async () => {
      const added = stage.installation.writeScript('added.sh', `touch "${stage.installation.path('added')}"`);
      expect(await decision(packet('alice', 22))).to.include({ reason: 'locator' });
      configure({
        actions: `[actions.added]\ncode = 22\nrun = ["${added}"]\n`,
        clients: client('alice', '"note", "added"'),
      });
      await bouncer.reload();
      expect(await decision(packet('alice', 22))).to.include({ decision: 'accept', action: 'added' });
      await bouncer.logged('its end', ({ msg }) => msg === 'action added of alice exited with status 0');
    });

    it('that a client is gone', async () => {
      await expectAccepted(packet('bob'));
      configure({ clients: client('alice') });
      await bouncer.reload();
      expect(await decision(packet('bob'))).to.include({ reason: 'locator' });
      await expectAccepted(packet('alice'));
    });

    it("a client's new seed, and forgets the old one", async () => {
      const old = packet('alice');
      stage.installation.addClient('alice');
      await bouncer.reload();
      expect(await decision(old)).to.include({ reason: 'locator' });
      await expectAccepted(packet('alice'));
    });

    it('how many actions may run', async () => {
      const block = stage.installation.writeScript('block.sh', 'exec sleep 60');
      const actions = `[actions.block]\ncode = 23\nrun = ["${block}"]\ntimeout = "1s"\n`;
      const clients = client('alice', '"note", "block"');
      configure({ tables: '[limits]\nrunning = 1', actions, clients });
      await bouncer.reload();
      await expectAccepted(packet('alice', 23));
      expect(await decision(packet())).to.include({ reason: 'busy' });
      configure({ tables: '[limits]\nrunning = 2', actions, clients });
      await bouncer.reload();
      await expectAccepted(packet());
    });

    it('that more is to be logged', async () => {
      await deliverTwice();
      expect(duplicates()).to.have.length(0);
      configure({ tables: '[log]\nlevel = "debug"' });
      await bouncer.reload();
      await deliverTwice();
      expect(duplicates()).to.have.length(1);
    });

    it('that less is to be logged', async () => {
      const fail = stage.installation.writeScript('fail.sh', 'exit 1');
      configure({
        tables: '[log]\nlevel = "error"',
        actions: `[actions.fail]\ncode = 22\nrun = ["${fail}"]\n`,
        clients: client('alice', '"fail"'),
      });
      bouncer.child.kill('SIGHUP');
      // That the reload is done is below the level now, but the end of the new action is not.
      const ended = ({ msg }: LogRecord): boolean => msg === 'action fail of alice exited with status 1';
      for (let tries = 0; tries < 200 && !bouncer.records.some(ended); tries++) {
        await sender.send(packet('alice', 22), stage.network.server.ipv4);
        await sleep(50);
      }
      expect(bouncer.records.some(ended), 'the new action has ended').to.equal(true);
      expect(bouncer.accepted).to.deep.equal([]);
    });
  });

  it('leaves the level that -v asked for', async () => {
    configure({ tables: '[log]\nlevel = "error"' });
    await start(['-v']);
    await bouncer.reload();
    await deliverTwice();
    expect(duplicates()).to.have.length(1);
  });

  /** Has one packet arrive twice, and waits until the daemon is through with both. */
  async function deliverTwice(): Promise<void> {
    const twice = packet();
    await decision(twice);
    await sender.send(twice, stage.network.server.ipv4);
    const witness = packet('bob');
    await sender.send(witness, stage.network.server.ipv4);
    const from = bouncer.records.length;
    await bouncer.logged('the witness', ({ client: name }) => name === 'bob', from);
  }

  function duplicates(): LogRecord[] {
    return bouncer.records.filter(({ reason }) => reason === 'duplicate');
  }

  describe('that fails changes nothing and tells why:', () => {
    beforeEach(() => start());

    it('a config with several errors, all in one record', async () => {
      const { installation } = stage;
      configure({
        actions: '[actions.other]\ncode = 21\nrun = ["relative", "{nothing}"]\n',
        clients: `${client('alice', '"note", "nowhere"')}${client('carol')}`,
      });
      const refusal = await refusedReload();
      expect(refusal['problems']).to.deep.equal(
        [
          'actions.other.code: 21 is the code of actions.note already',
          'actions.other.run: the program "relative" is not an absolute path',
          'actions.other.run: unknown placeholder {nothing}; known are {server} {client} {action} {code} {address} {source} {port} {duration} {argument}',
          'clients.alice.actions: there is no action "nowhere"',
          `clients.carol.seed_file: ${installation.path('carol.seed')} does not exist`,
        ].map((problem) => `${installation.config}: ${problem}`),
      );
      expect(refusal.msg).to.equal(REFUSED + (refusal['problems'] as string[]).join('; '));
    });

    it('a config that is not TOML', async () => {
      writeFileSync(stage.installation.config, '[server\n');
      expect((await refusedReload()).msg).to.match(/bouncer\.toml line 1: /);
    });

    it('a config that is gone', async () => {
      rmSync(stage.installation.config);
      expect((await refusedReload()).msg).to.equal(
        `${REFUSED}${stage.installation.config}: does not exist: bouncer init writes a first one`,
      );
    });

    it('a client whose seed is gone', async () => {
      rmSync(stage.installation.path('bob.seed'));
      await refusedReload();
      await expectAccepted(packet('bob'));
    });

    it('an interface that does not exist', async () => {
      const { capturePid } = bouncer;
      configure({ capture: { interface: 'nosuch0' } });
      expect((await refusedReload()).msg).to.match(/nosuch0.*no such device/i);
      expect(bouncer.capturePid).to.equal(capturePid);
    });

    it('another folder for the state', async () => {
      const config = stage.installation.read('bouncer.toml');
      writeFileSync(stage.installation.config, config.replace('"state"', '"elsewhere"'));
      expect((await refusedReload()).msg).to.equal(
        `${REFUSED}${stage.installation.config}: server.state_dir: cannot change while bouncer runs: restart it`,
      );
    });

    it('and the next one that is right works', async () => {
      configure({ clients: client('carol') });
      await refusedReload();
      configure({ clients: client('alice') });
      await bouncer.reload();
      expect(await decision(packet('bob'))).to.include({ reason: 'locator' });
    });
  });

  describe('of the capture', () => {
    beforeEach(() => start());

    it('does not happen when nothing of it has changed', async () => {
      const { capturePid } = bouncer;
      await bouncer.reload();
      await expectAccepted(packet());
      expect(bouncer.capturePid).to.equal(capturePid);
      expect(bouncer.records.filter(isListening)).to.have.length(1);
      expect(isRunning(capturePid)).to.equal(true);
    });

    it('moves it to another port, and leaves the old one', async () => {
      const { capturePid } = bouncer;
      configure({ capture: { port: OTHER_PORT } });
      await bouncer.reload();
      expect(bouncer.capturePid).to.not.equal(capturePid);
      await waitForEndOf(capturePid);

      const accepted = bouncer.accepted.length;
      await sender.send(packet('alice', 21, 'old'), stage.network.server.ipv4, PORT);
      expect(await decision(packet('alice', 21, 'new'), { port: OTHER_PORT })).to.include({
        decision: 'accept',
      });
      await noted('new');
      expect(bouncer.accepted.length).to.equal(accepted + 1);
      expect(stage.installation.read('noted')).to.not.include('old');
    });

    it('moves it to another interface', async () => {
      const { capturePid } = bouncer;
      configure({ capture: { interface: stage.network.server.interface } });
      await bouncer.reload();
      expect(bouncer.records.findLast(isListening)).to.include({ interface: stage.network.server.interface });
      await waitForEndOf(capturePid);
      await expectAccepted(packet());
    });

    it('widens the window', async () => {
      configure({ capture: { delta: 4 } });
      await bouncer.reload();
      const early = stage.installation.packet('alice', 21, { time: Date.now() - 4 * 60_000 + 5_000 });
      expect(await decision(early)).to.include({ decision: 'accept' });
    });
  });

  describe('keeps', () => {
    beforeEach(() => start());

    it('what was accepted, also across a restart', async () => {
      const known = packet();
      await expectAccepted(known);
      configure({ clients: client('alice') });
      await bouncer.reload();
      // From elsewhere, since the same source within two seconds would be the network's own duplicate.
      const elsewhere = { address: stage.network.server.ipv6 };
      expect(await decision(known, elsewhere)).to.include({ reason: 'replay' });
      await bouncer.stop();
      await start();
      expect(await decision(known, elsewhere)).to.include({ reason: 'replay' });
    });

    it('what was accepted from a client whose name has changed', async () => {
      const known = packet();
      await expectAccepted(known);
      configure({ clients: '[clients.alicia]\nseed_file = "alice.seed"\nactions = ["note"]\n' });
      await bouncer.reload();
      expect(await decision(known, { address: stage.network.server.ipv6 })).to.include({ reason: 'replay' });
    });

    it('an action running that it removes', async () => {
      const { installation } = stage;
      const go = installation.path('go');
      const wait = installation.writeScript('wait.sh', `while [ ! -e "${go}" ]; do sleep 0.05; done; exit 5`);
      configure({
        actions: `[actions.wait]\ncode = 22\nrun = ["${wait}"]\n`,
        clients: client('alice', '"note", "wait"'),
      });
      await bouncer.reload();
      await expectAccepted(packet('alice', 22));
      configure();
      await bouncer.reload();
      expect(await decision(packet('alice', 22))).to.include({ reason: 'locator' });
      writeFileSync(go, '');
      await bouncer.logged('its end', ({ msg }) => msg === 'action wait of alice exited with status 5');
    });

    it('every packet that arrives during many of them, and acts on none twice', async function () {
      this.timeout(60_000);
      const tables = '[limits]\nrunning = 200';
      // Each wants another capture than the other, so that there is a change of captures all the time.
      const configs = [{ interface: stage.network.server.interface }, { interface: 'any' }].map((capture) => {
        configure({ tables, capture });
        return stage.installation.read('bouncer.toml');
      });
      await bouncer.reload();
      const from = bouncer.records.length;

      const sent = Array.from({ length: 100 }, (_, number) => `p${number}`);
      for (const [number, argument] of sent.entries()) {
        if (number % 5 === 0) {
          replaceConfig(configs[(number / 5) % 2] ?? '');
          bouncer.child.kill('SIGHUP');
        }
        await sender.send(packet('alice', 21, argument), stage.network.server.ipv4);
        await sleep(15);
      }

      const ends = (): LogRecord[] =>
        bouncer.records.slice(from).filter(({ msg }) => msg === 'action note of alice exited with status 0');
      await waitFor('all actions', () => (ends().length >= sent.length ? true : undefined), 30_000);
      // Whatever comes twice has come by the time a reload after all of them is done.
      configure({ tables });
      await bouncer.reload();
      await expectAccepted(packet('bob', 21, 'last'));
      await noted('last');
      const lines = stage.installation.read('noted').split('\n').filter(Boolean);
      expect(lines.sort()).to.deep.equal([...sent, 'last'].sort());
      const later = bouncer.records.slice(from);
      expect(later.filter(isListening).length).to.be.greaterThan(1);
      expect(later.filter(({ level }) => level > 30)).to.deep.equal([]);
    });
  });
});
