import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { isListening, type Bouncer } from '../support/bouncer.js';
import { Clock } from '../support/clock.js';
import { isRunning, pidsOn } from '../support/processes.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const LEASE = 21;
const SSH = 22;

/** What the kernel calls the time since it was started (proc_sys_kernel(5)). */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Seconds for which the machine is down. */
const DOWN = 600;

/** Milliseconds that a loaded machine may take for what is due. */
const PATIENCE = 20_000;

describe('A start of the machine', function () {
  this.timeout(60_000);
  const stage = new Stage();
  let clock: Clock;
  let bouncer: Bouncer;

  beforeEach(async function () {
    stage.open(this);
    const { installation, network } = stage;
    installation.addClient('alice');
    for (const command of ['run', 'stop'])
      installation.writeScript(
        `${command}.sh`,
        `echo "${command} $1 $(date +%s%3N)" >> "$(dirname "$0")/notes"`,
      );
    installation.writeConfig(`[guard]
ports = ["tcp/22"]

[actions.ssh]
code = ${SSH}
allow = ["tcp/22"]
for = "1h"

[actions.lease]
code = ${LEASE}
run = ["${installation.path('run.sh')}", "{argument}"]
stop = ["${installation.path('stop.sh')}", "{argument}"]
argument = "[a-z]+"
for = "1h"

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh", "lease"]
bind = "any"
`);
    nameBoot();
    network.cover(network.server, BOOT_ID, installation.path('boot_id'));
    clock = new Clock(installation);
    await start();
  });

  afterEach(() => stage.close());

  function nameBoot(): void {
    writeFileSync(stage.installation.path('boot_id'), `${randomUUID()}\n`);
  }

  async function start(): Promise<void> {
    bouncer = clock.givenTo(() => stage.spawnBouncer());
    await bouncer.logged('listening', isListening);
  }

  /** Everything that runs is gone, and what the kernel knew; after a while the daemon is there again. */
  async function startMachine(): Promise<void> {
    const { network } = stage;
    await bouncer.kill();
    await waitFor('everything to end', () => !pidsOn(network, network.server).some(isRunning) || undefined);
    nft('flush', 'ruleset');
    nameBoot();
    clock.setAhead(DOWN * 1_000);
    clock.beginAnew();
    await start();
  }

  function nft(...words: string[]): string {
    return stage.network.run(stage.network.server, ['nft', ...words]);
  }

  async function accepted(code: number, duration: number, fields: object): Promise<void> {
    const { installation } = stage;
    const packet = installation.packet('alice', code, { duration, time: clock.now(), ...fields });
    expect(await decisionOn(stage, bouncer, stage.sender(), packet)).to.include({ decision: 'accept' });
  }

  /** Addresses that the kernel lets in, and the seconds that they have left. */
  function openings(): Record<string, number> {
    const set = nft('-j', 'list', 'set', 'inet', 'bouncer', 'tcp_22_ipv4');
    const found = set.matchAll(/"val": "([^"]+)", "timeout": \d+, "expires": (\d+)/g);
    return Object.fromEntries(Array.from(found, ([, address = '', seconds]) => [address, Number(seconds)]));
  }

  function noted(what: string): Promise<number> {
    const look = (): string | undefined =>
      new RegExp(`^${what} (\\d+)$`, 'm').exec(stage.installation.read('notes'))?.[1];
    return waitFor(what, look, PATIENCE).then(Number);
  }

  it('runs each "stop" that was due while it was down, and the others when they are due', async () => {
    const began = Date.now();
    await accepted(LEASE, DOWN - 1, { argument: 'due' });
    await accepted(LEASE, DOWN + 8, { argument: 'later' });
    await accepted(LEASE, 2 * DOWN, { argument: 'long' });
    for (const lease of ['due', 'later', 'long']) await noted(`run ${lease}`);
    await startMachine();
    await noted('stop due');
    expect((await noted('stop later')) - began).to.be.at.least(8_000 - 1);
    const lines = stage.installation.read('notes').split('\n').filter(Boolean);
    expect(lines.map((line) => line.replace(/ \d+$/, ''))).to.deep.equal([
      'run due',
      'run later',
      'run long',
      'stop due',
      'stop later',
    ]);
  });

  it('puts the guard back, with those who still may be let in and for as long as they may', async () => {
    await accepted(SSH, DOWN - 1, { address: parseAddress('198.51.100.1') });
    await accepted(SSH, DOWN + 300, { address: parseAddress('198.51.100.2') });
    await waitFor('both to be let in', () => Object.keys(openings()).length === 2 || undefined);
    await startMachine();
    expect(nft('list', 'chain', 'inet', 'bouncer', 'input')).to.include('tcp dport 22 drop');
    const open = await waitFor('the opening', () => {
      const now = openings();
      return Object.keys(now).length > 0 ? now : undefined;
    });
    expect(Object.keys(open)).to.deep.equal(['198.51.100.2']);
    expect(open['198.51.100.2']).to.be.within(200, 300);
  });
});
