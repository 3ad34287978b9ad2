import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Bouncer, isListening, type LogRecord } from '../support/bouncer.js';
import { Clock } from '../support/clock.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const CODE = 23;

/** Seconds of a lease; short, since tests wait for its end. */
const SECONDS = 3;

/** Milliseconds that a loaded machine may take for what is due. */
const PATIENCE = 20_000;

const HOUR = 3_600_000;

/** What a script has noted down: which command, for which argument, and when in Unix milliseconds. */
interface Note {
  readonly command: string;
  readonly argument: string;
  readonly at: number;
}

describe('A lease', function () {
  // Longer than what is waited for in a test, so that it says what did not come.
  this.timeout(60_000);
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;

  beforeEach(function () {
    stage.open(this);
    for (const name of ['alice', 'bob']) stage.installation.addClient(name);
    sender = stage.sender();
    script('run.sh', '');
    script('stop.sh', '');
  });

  afterEach(() => stage.close());

  /** Writes the script of `run` or `stop`: it notes that it runs, then does more. */
  function script(name: 'run.sh' | 'stop.sh', more: string): void {
    const note = `echo "\${0##*/} $1 $(date +%s%3N)" >> "$(dirname "$0")/notes"`;
    stage.installation.writeScript(name, `${note}\n${more}`);
  }

  interface Wishes {
    readonly seconds?: number;
    readonly alice?: string;
    readonly actions?: string;
  }

  function configure({ seconds = SECONDS, alice = 'actions = ["lease"]', actions }: Wishes = {}): void {
    const { installation } = stage;
    const lease = `[actions.lease]
code = ${CODE}
run = ["${installation.path('run.sh')}", "{argument}"]
stop = ["${installation.path('stop.sh')}", "{argument}"]
argument = "[a-z0-9]*"
for = "${seconds}s"
max = "1h"
timeout = "20s"
`;
    installation.writeConfig(`${actions ?? lease}
[clients.alice]
seed_file = "alice.seed"
${alice}
`);
  }

  async function start(wishes: Wishes = {}): Promise<void> {
    configure(wishes);
    bouncer = await stage.bouncer();
  }

  /** Kills the daemon and starts the next one. */
  async function startAgain(): Promise<void> {
    await bouncer.kill();
    bouncer = await stage.bouncer();
  }

  async function accepted(argument = 'x', duration = 0): Promise<LogRecord> {
    const packet = stage.installation.packet('alice', CODE, { argument, duration });
    const decision = await decisionOn(stage, bouncer, sender, packet);
    expect(decision).to.include({ decision: 'accept' });
    return decision;
  }

  function notes(): Note[] {
    const lines = stage.installation.read('notes').split('\n').filter(Boolean);
    return lines.map((line) => {
      const [command = '', argument = '', at] = line.split(' ');
      return { command: command.replace('.sh', ''), argument, at: Number(at) };
    });
  }

  function commands(): string[] {
    return notes().map(({ command, argument }) => `${command} ${argument}`);
  }

  async function noted(what: string, count = 1): Promise<Note> {
    return waitFor(
      what,
      () => notes().filter(({ command, argument }) => `${command} ${argument}` === what)[count - 1],
      PATIENCE,
    );
  }

  function isClosed({ ended }: LogRecord): boolean {
    return ended !== undefined;
  }

  it('runs its "stop" when its time is over, and not before', async () => {
    await start();
    const sent = Date.now();
    await accepted();
    await noted('run x');
    const { at } = await noted('stop x');
    expect(at - sent).to.be.at.least(SECONDS * 1_000 - 1);
    const closed = await bouncer.logged('the end', isClosed);
    expect(closed).to.include({ client: 'alice', action: 'lease', ended: 'expired' });
    expect(commands()).to.deep.equal(['run x', 'stop x']);
    const left = (): string[] => readdirSync(stage.installation.path('state/leases'));
    await waitFor('its files to go', () => left().length === 0 || undefined);
  });

  it('is extended by the next packet without another "run", and never made shorter', async () => {
    await start();
    const sent = Date.now();
    const { grant } = await accepted('x', 6);
    await noted('run x');
    expect(await accepted('x', 5)).to.include({ grant, extended: true });
    expect(await accepted('x', 1)).to.include({ grant, extended: true });
    const { at } = await noted('stop x');
    expect(at - sent).to.be.at.least(5_999);
    await bouncer.logged('the end', isClosed);
    expect(commands()).to.deep.equal(['run x', 'stop x']);
  });

  it('is another for another argument', async () => {
    await start();
    await accepted('x');
    await accepted('y');
    for (const what of ['stop x', 'stop y']) await noted(what);
    expect(commands().sort()).to.deep.equal(['run x', 'run y', 'stop x', 'stop y']);
  });

  it('can be had again as soon as it is over', async () => {
    script('stop.sh', 'sleep 1; echo "end $1 0" >> "$(dirname "$0")/notes"');
    await start({ seconds: 1 });
    await accepted();
    await noted('stop x');
    // For longer than the first is undone: what is over before it could begin is not run at all.
    expect(await accepted('x', 5)).to.include({ extended: false });
    await noted('stop x', 2);
    // The second waits until the first is undone.
    expect(commands().slice(0, 5)).to.deep.equal(['run x', 'stop x', 'end x', 'run x', 'stop x']);
  });

  it('is not run, and the log says so, if it is over before the one before it is undone', async () => {
    script('stop.sh', 'sleep 3');
    await start({ seconds: 1 });
    await accepted();
    await noted('stop x');
    expect(await accepted()).to.include({ extended: false });
    const message = 'action lease of alice was not run: its lease was over before it could begin';
    const record = await bouncer.logged('that it was not run', ({ msg }) => msg === message);
    expect(record).to.include({ level: 40, client: 'alice', action: 'lease' });
    expect(commands()).to.deep.equal(['run x', 'stop x']);
  });

  it('whose "run" fails is undone at once', async () => {
    script('run.sh', 'exit 3');
    await start({ seconds: 600 });
    await accepted();
    await noted('stop x');
    const closed = await bouncer.logged('the end', isClosed);
    expect(closed).to.include({ ended: 'failed' });
    expect(commands()).to.deep.equal(['run x', 'stop x']);
  });

  it('whose "run" is slow is undone after it, not while it runs', async () => {
    script('run.sh', 'sleep 3; echo "ran $1 0" >> "$(dirname "$0")/notes"');
    await start({ seconds: 1 });
    await accepted();
    await noted('stop x');
    expect(commands()).to.deep.equal(['run x', 'ran x', 'stop x']);
  });

  it('whose "stop" fails has it run again, with an error each time, until it succeeds', async () => {
    const good = stage.installation.path('good');
    script('stop.sh', `[ -e "${good}" ] || { echo "no such rule" >&2; exit 4; }`);
    await start({ seconds: 1 });
    await accepted();
    const failures = (): LogRecord[] =>
      bouncer.records.filter(({ msg }) => msg === 'stop of lease of alice exited with status 4');
    await waitFor('two failures', () => failures()[1], PATIENCE);
    expect(failures()[0]).to.include({ level: 50, tries: 1, output: 'no such rule\n' });
    expect(failures()[1]).to.include({ level: 50, tries: 2 });
    writeFileSync(good, '');
    await bouncer.logged('the end', isClosed);
    const count = notes().length;
    expect(notes().filter(({ command }) => command === 'run')).to.have.length(1);
    expect(await bouncer.stop()).to.equal(0);
    bouncer = await stage.bouncer();
    expect(notes()).to.have.length(count);
  }).timeout(60_000);

  it('whose "stop" fails does not keep its owner out', async () => {
    script('stop.sh', 'exit 1');
    await start({ seconds: 1, alice: 'actions = ["lease"]\ngrants = 1' });
    await accepted();
    await bouncer.logged('the failure', ({ msg }) => msg.startsWith('stop of lease'));
    await accepted();
    await noted('run x', 2);
  });

  it('ends on time after a kill of the daemon, and is run and undone once', async () => {
    await start();
    const sent = Date.now();
    await accepted();
    await noted('run x');
    await startAgain();
    const { at } = await noted('stop x');
    expect(at - sent).to.be.at.least(SECONDS * 1_000 - 1);
    await bouncer.logged('the end', isClosed);
    await startAgain();
    expect(commands()).to.deep.equal(['run x', 'stop x']);
  });

  it('that came to its end while no daemon was there is undone by the next at once', async () => {
    await start({ seconds: 1 });
    await accepted();
    await noted('run x');
    await bouncer.kill();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(commands()).to.deep.equal(['run x']);
    bouncer = await stage.bouncer();
    await noted('stop x');
  });

  it('whose "stop" is running when the daemon is killed is undone once', async () => {
    const go = stage.installation.path('go');
    script(
      'stop.sh',
      `while [ ! -e "${go}" ]; do sleep 0.05; done; echo "end $1 0" >> "$(dirname "$0")/notes"`,
    );
    await start({ seconds: 1 });
    await accepted();
    await noted('stop x');
    await bouncer.kill();
    bouncer = stage.spawnBouncer();
    await bouncer.logged('listening', isListening);
    writeFileSync(go, '');
    expect(await bouncer.logged('the end', isClosed)).to.include({ ended: 'expired' });
    expect(commands()).to.deep.equal(['run x', 'stop x', 'end x']);
  });

  it('whose "run" is running when the daemon is killed is undone after it has ended', async () => {
    const go = stage.installation.path('go');
    script(
      'run.sh',
      `while [ ! -e "${go}" ]; do sleep 0.05; done; echo "ran $1 0" >> "$(dirname "$0")/notes"`,
    );
    await start({ seconds: 1 });
    await accepted();
    await noted('run x');
    await startAgain();
    writeFileSync(go, '');
    await noted('stop x');
    expect(commands()).to.deep.equal(['run x', 'ran x', 'stop x']);
  });

  it('outlives a stop of the daemon in order, which says so, and is undone by the next when it is due', async () => {
    await start({ seconds: 5 });
    await accepted();
    await noted('run x');
    expect(await bouncer.stop()).to.equal(0);
    const left = await bouncer.logged('what is left', ({ msg }) =>
      msg.startsWith('leases left open: 1, until '),
    );
    expect(left).to.include({ leases: 1 });
    expect(commands()).to.deep.equal(['run x']);
    bouncer = await stage.bouncer();
    await noted('stop x');
    expect(commands()).to.deep.equal(['run x', 'stop x']);
  });

  for (const [what, wishes] of [
    ['its action', { actions: '', alice: 'actions = []' }],
    ["its client's right to the action", { alice: 'actions = []' }],
  ] as const) {
    it(`is undone at once by a reload without ${what}`, async () => {
      await start({ seconds: 600 });
      await accepted();
      await noted('run x');
      configure({ seconds: 600, ...wishes });
      await bouncer.reload();
      await noted('stop x');
      expect(await bouncer.logged('the end', isClosed)).to.include({ ended: 'gone' });
    });
  }

  it('is undone as it was begun, and on time, after a reload that changes the action', async () => {
    await start();
    const sent = Date.now();
    await accepted();
    await noted('run x');
    configure({
      actions: `[actions.lease]\ncode = ${CODE}\nrun = ["/bin/true"]\nstop = ["/bin/false"]\nfor = "1h"`,
    });
    await bouncer.reload();
    const { at } = await noted('stop x');
    expect(at - sent).to.be.at.least(SECONDS * 1_000 - 1);
  });

  it('is undone by a start without its client', async () => {
    await start({ seconds: 600 });
    await accepted();
    await noted('run x');
    await bouncer.kill();
    stage.installation.writeConfig('[clients.bob]\nseed_file = "bob.seed"\nactions = []');
    bouncer = await stage.bouncer();
    await noted('stop x');
  });

  it('lasts as long as it should whatever the clock on the wall does', async () => {
    const clock = new Clock(stage.installation);
    configure({ seconds: 4 });
    bouncer = clock.givenTo(() => stage.spawnBouncer());
    await bouncer.logged('listening', isListening);
    const began = Date.now();
    await accepted('ahead');
    await accepted('back');
    clock.setAhead(24 * HOUR);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await bouncer.kill();
    // The daemon of before and this one do not agree on the time at all.
    clock.setAhead(-24 * HOUR);
    bouncer = clock.givenTo(() => stage.spawnBouncer());
    await bouncer.logged('listening', isListening);
    for (const what of ['stop ahead', 'stop back']) {
      const { at } = await noted(what);
      expect(at - began).to.be.at.least(3_999);
    }
  });

  it('is undone by the first daemon after the store was damaged', async () => {
    await start();
    await accepted();
    await noted('run x');
    await bouncer.kill();
    const store = stage.installation.path('state/replay');
    for (const name of readdirSync(store).filter((file) => file.endsWith('.log')))
      truncateSync(join(store, name), 0);
    bouncer = await stage.bouncer();
    await bouncer.logged('damage', ({ msg }) => msg.includes('was damaged'));
    await bouncer.logged('salvage', ({ finding }) => finding === 'salvaged');
    await noted('stop x');
    expect(commands()).to.deep.equal(['run x', 'stop x']);
  });

  it('that cannot be read after the store was damaged is told by its id', async () => {
    await start();
    const { grant } = await accepted();
    await noted('run x');
    await bouncer.kill();
    rmSync(stage.installation.path('state/replay/CURRENT'));
    writeFileSync(stage.installation.path(`state/leases/${String(grant)}.run`), '1 1\nnonsense\n');
    bouncer = await stage.bouncer();
    expect(await bouncer.logged('the loss', ({ finding }) => finding === 'lost')).to.include({ grant });
  });

  it('is refused when the client has as many as it may, and then costs nothing', async () => {
    await start({ seconds: 2, alice: 'actions = ["lease"]\ngrants = 2' });
    await accepted('x');
    await accepted('y');
    const third = stage.installation.packet('alice', CODE, { argument: 'z' });
    expect(await decisionOn(stage, bouncer, sender, third)).to.include({
      decision: 'reject',
      reason: 'grants',
      client: 'alice',
    });
    expect(await accepted('x')).to.include({ extended: true });
    await noted('stop x');
    await noted('stop y');
    await accepted('z');
    await noted('run z');
  });
});
