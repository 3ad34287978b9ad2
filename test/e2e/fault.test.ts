import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { isListening, type Bouncer } from '../support/bouncer.js';
import { bouncerCommand } from '../support/command.js';
import { commandLineOf, pidsOn, threadsOf } from '../support/processes.js';
import type { Sender } from '../support/sender.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

describe('The daemon goes on, and says what is wrong,', () => {
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;

  beforeEach(function () {
    stage.open(this);
    const { installation } = stage;
    installation.addClient('alice');
    const note = installation.writeScript('note.sh', `echo noted >> "${installation.path('noted')}"`);
    const forks = installation.writeScript('forks.sh', 'while :; do "$0-sleeper" & sleep 0.01; done');
    installation.writeScript('forks.sh-sleeper', 'exec sleep 1000');
    installation.writeConfig(`
[guard]
ports = ["tcp/22"]
[actions.ssh]
code = 23
allow = ["tcp/22"]
for = "1m"
[actions.note]
code = 21
run = ["${note}"]
[actions.fork]
code = 22
run = ["${forks}"]
timeout = "1s"
[clients.alice]
seed_file = "alice.seed"
actions = ["note", "fork", "ssh"]
bind = "any"
`);
  });

  afterEach(() => stage.close());

  async function start(): Promise<void> {
    bouncer = await stage.bouncer();
    sender = stage.sender();
  }

  function packet(code = 21): Uint8Array {
    return stage.installation.packet('alice', code);
  }

  function noted(): number {
    return stage.installation.read('noted').split('\n').length - 1;
  }

  /** Sends a packet, which is to be accepted and run. */
  async function expectNoted(): Promise<void> {
    const before = noted();
    expect(await decisionOn(stage, bouncer, sender, packet())).to.include({ decision: 'accept' });
    await waitFor('the action', () => noted() > before || undefined);
  }

  /** The first process on the server with a command line that contains some text. */
  async function processNamed(text: string): Promise<number> {
    const { network } = stage;
    return waitFor(text, () =>
      pidsOn(network, network.server).find((pid) => commandLine(pid).includes(text)),
    );
  }

  /** How many of the processes run that the action starts. */
  function sleepers(): number {
    const { network } = stage;
    return pidsOn(network, network.server).filter((pid) => isSleeper(pid)).length;
  }

  it('while it opens its state: what arrives is judged when that is done', async () => {
    await start(); // the state is checked if it is there
    await bouncer.stop();
    bouncer = stage.spawnBouncer();
    const check = await processNamed('replay-check-main.js');
    process.kill(check, 'SIGSTOP');
    const capture = await processNamed('capture/main.js');
    await waitFor('the capture to give up root', () => userOf(capture) !== '0' || undefined);
    await sender.send(packet(), stage.network.server.ipv4);
    await sender.send(packet(), stage.network.server.ipv4);
    expect(bouncer.records.map(({ msg }) => msg)).to.deep.equal([]);
    process.kill(check, 'SIGCONT');
    await waitFor('the actions', () => noted() === 2 || undefined);
  });

  it('without file descriptors: no action is started, and the next one is when there are some again', async () => {
    await start();
    await expectNoted();
    const limit = limitDescriptors(bouncer.pid, NONE);
    const decision = await decisionOn(stage, bouncer, sender, packet());
    expect(decision).to.include({ decision: 'accept' });
    await bouncer.logged('why', ({ level, msg }) => level >= 50 && msg.includes('EMFILE'));
    limitDescriptors(bouncer.pid, limit);
    await expectNoted();
    expect(noted()).to.equal(2);
    expect(await bouncerCommand(['status', '-c', stage.installation.config])).to.include({ status: 0 });
  });

  it('without file descriptors for another capture: it is tried again until there are some', async () => {
    await start();
    const { capturePid } = bouncer;
    const from = bouncer.records.length;
    const limit = limitDescriptors(bouncer.pid, NONE);
    process.kill(capturePid, 'SIGKILL');
    await bouncer.logged('that it is deaf', ({ msg }) => msg.startsWith('not listening'), from);
    limitDescriptors(bouncer.pid, limit);
    await bouncer.logged('that it listens', isListening, from);
    await expectNoted();
  });

  it('while nft hangs in the middle of a grant: it judges on, and opens by another nft', async () => {
    await start();
    const open = async (address: string): Promise<void> => {
      const given = { address: parseAddress(address) };
      const decision = await decisionOn(
        stage,
        bouncer,
        sender,
        stage.installation.packet('alice', 23, given),
      );
      expect(decision).to.include({ decision: 'accept', address });
    };
    await open('198.51.100.1');
    await waitFor('the first grant', () => isOpenTo('198.51.100.1') || undefined);
    const { network } = stage;
    const session = pidsOn(network, network.server).find((pid) => commandLine(pid).endsWith(' -i'));
    if (session === undefined) throw new Error('there is no nft that stays');
    process.kill(session, 'SIGSTOP');
    await open('198.51.100.2');
    await expectNoted();
    await waitFor('the second grant', () => isOpenTo('198.51.100.2') || undefined);
    await open('198.51.100.3');
    await waitFor('the third grant', () => isOpenTo('198.51.100.3') || undefined);
  });

  /** Whether the guard lets an address in. */
  function isOpenTo(address: string): boolean {
    const { network } = stage;
    return network.run(network.server, ['nft', 'list', 'ruleset']).includes(address);
  }

  it('while an action starts processes for ever: all are gone at its time limit', async () => {
    await start();
    await decisionOn(stage, bouncer, sender, packet(22));
    await waitFor('some processes', () => sleepers() > 5 || undefined);
    await expectNoted();
    await bouncer.logged('its end', ({ msg }) => msg.includes('action fork of alice'));
    await waitFor('their end', () => sleepers() === 0 || undefined);
  });
});

function isSleeper(pid: number): boolean {
  return commandLine(pid) === 'sleep 1000';
}

/** Empty if the process has ended meanwhile. */
function commandLine(pid: number): string {
  try {
    return commandLineOf(pid).join(' ');
  } catch {
    return '';
  }
}

/** The number of the user that a process is. */
function userOf(pid: number): string | undefined {
  return threadsOf(pid)[0]?.get('Uid')?.split(/\s+/)[0];
}

/** New descriptors have to be below the limit; below this one, all are taken. */
const NONE = 3;

/** Has a process open no more files than those with numbers below a limit. @returns the limit before */
function limitDescriptors(pid: number, limit: number | string): string {
  const columns = ['--noheadings', '--raw', '--output', 'SOFT'];
  const before = execFileSync('prlimit', ['--pid', String(pid), '--nofile', ...columns], {
    encoding: 'utf8',
  });
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
  return before.trim();
}
