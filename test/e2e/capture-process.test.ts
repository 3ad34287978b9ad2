import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Bouncer, isListening, type LogRecord } from '../support/bouncer.js';
import { Cleanup } from '../support/cleanup.js';
import { Installation, PORT, SERVER_ID } from '../support/installation.js';
import { Network } from '../support/network.js';
import { repositoryPath } from '../support/paths.js';
import { commandLineOf, descriptorsOf, isRunning, mappedFilesOf, threadsOf } from '../support/processes.js';
import { needsRoot } from '../support/root.js';
import { Sender } from '../support/sender.js';
import { waitFor } from '../support/wait.js';

const CAPTURE_PROGRAM = repositoryPath('packages/bouncer/dist/capture/main.js');
const WRITE_TO_DESCRIPTOR = repositoryPath('test/support/write-to-descriptor.py');

/** The descriptor that the capture process writes its records to. */
const RECORDS = 3;

/** Numbers of capabilities (capabilities(7)). */
const ALLOWED = { setgid: 6n, setuid: 7n, net_raw: 13n };

describe('The capture process', () => {
  let network: Network;
  let installation: Installation;
  let bouncer: Bouncer;
  let sender: Sender;
  const cleanup = new Cleanup();

  before(async function () {
    needsRoot(this);
    installation = Installation.make();
    cleanup.add(() => {
      installation.remove();
    });
    network = Network.make();
    cleanup.add(() => {
      network.remove();
    });
    network.dropPort(PORT);
    installation.addClient('alice');
    const script = installation.writeScript(
      'list.sh',
      'for entry in /proc/self/fd/* /proc/$$/fd/*; do readlink "$entry"; done > "$(dirname "$0")/listing"; echo >> "$(dirname "$0")/listed"',
    );
    installation.writeConfig(`
[actions.list]
code = 21
run = ["${script}"]

[clients.alice]
seed_file = "alice.seed"
actions = ["list"]
`);
    bouncer = await Bouncer.start(network, installation);
    sender = new Sender(network, network.client);
    cleanup.add(() => sender.close());
    await expectAccepted();
  });

  // Removing the network ends the daemon, too.
  after(() => cleanup.run());

  async function expectAccepted(): Promise<void> {
    const from = bouncer.records.length;
    await sender.send(installation.packet('alice', 21), network.server.ipv4);
    await bouncer.logged('an acceptance', ({ decision }) => decision === 'accept', from);
  }

  // What is true of the first, which began before there was anything to leak, must be true of a later one.
  for (const which of ['first', 'second'] as const) {
    describe(`that was started ${which}`, () => {
      let pid: number;

      before(async () => {
        if (which === 'second') {
          const from = bouncer.records.length;
          process.kill(bouncer.capturePid, 'SIGKILL');
          await bouncer.logged('listening', isListening, from);
          await expectAccepted();
        }
        pid = bouncer.capturePid;
      });

      it('is the configured user and in no other group, with each of its threads', () => {
        const { uid, gid } = nobody();
        for (const status of threads()) {
          expect(status.get('Uid')?.split(/\s+/)).to.deep.equal(Array<string>(4).fill(uid));
          expect(status.get('Gid')?.split(/\s+/)).to.deep.equal(Array<string>(4).fill(gid));
          expect(status.get('Groups')).to.equal('');
        }
      });

      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
        it(`has no capability in ${set}, with each of its threads`, () => {
          for (const status of threads()) expect(capabilities(status, set)).to.equal(0n);
        });

      it('can gain no capability but those that it needed to begin with, and none by a program', () => {
        const allowed = Object.values(ALLOWED).reduce((bits, number) => bits | (1n << number), 0n);
        for (const status of threads()) {
          expect(capabilities(status, 'CapBnd') & ~allowed).to.equal(0n);
          expect(status.get('NoNewPrivs')).to.equal('1');
        }
      });

      it('can start no program and no thread, and write to no file', () => {
        const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
        for (const limit of ['processes', 'file size'])
          expect(limits).to.match(new RegExp(`^Max ${limit} +0 +0 `, 'm'));
      });

      it('has an empty environment', () => {
        expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).to.equal('');
      });

      it('has no file open but a table of the kernel, let alone one of the state or a key', () => {
        const descriptors = descriptorsOf(pid);
        expect(descriptors.filter((target) => target.startsWith(installation.folder))).to.deep.equal([]);
        expect(
          descriptors.filter((target) => target.startsWith('/') && !target.startsWith('/dev/')),
        ).to.deep.equal([`/proc/${pid}/net/packet`]);
      });

      it('has neither filter nor config in its command line', () => {
        expect(commandLineOf(pid)).to.deep.equal([process.execPath, '--v8-pool-size=1', CAPTURE_PROGRAM]);
        for (const word of ['udp', String(PORT), SERVER_ID, installation.folder])
          expect(commandLineOf(pid).join(' ')).not.to.include(word);
      });

      it('has the native module for packets in its memory, and not the one for the state', () => {
        expect(nativeModules(pid)).to.deep.equal(['cap']);
      });

      function threads(): ReturnType<typeof threadsOf> {
        const all = threadsOf(pid);
        expect(all.length, 'threads').to.be.greaterThan(1);
        return all;
      }
    });
  }

  describe('beside the daemon', () => {
    it('is the only one with the native module for packets: the daemon has the one for the state', () => {
      expect(nativeModules(bouncer.pid)).to.deep.equal(['classic-level']);
    });

    it('leaves no core dump behind: of the keys of the daemon, or of what it has seen', () => {
      for (const pid of [bouncer.pid, bouncer.capturePid])
        expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).to.match(/^Max core file size +1 /m);
    });

    it('shares its lack of open files with the processes of actions', async () => {
      expect(descriptorsOf(bouncer.pid).filter((target) => target.startsWith(installation.path('state')))).not
        .to.be.empty;
      const listed = installation.read('listed');
      await expectAccepted();
      await waitFor('the listing', () => installation.read('listed') !== listed || undefined);
      const descriptors = installation.read('listing').split('\n').filter(Boolean);
      expect(descriptors).to.include(installation.path('listing'));
      const files = descriptors.filter((target) => target.startsWith('/') && !/^\/(dev|proc)\//.test(target));
      // Its own listing, and its own script.
      const own = [installation.path('listing'), installation.path('list.sh')];
      expect(files.filter((target) => !own.includes(target))).to.deep.equal([]);
    });
  });

  const nonsense = {
    'a record of no bytes': '0000',
    'a record that is too long': '0401',
    'a record of an unknown kind': '000109',
    'a datagram without ports': `000502${'00'.repeat(4)}`,
    'a text that is not JSON': `0002047b`,
    'a text that is JSON of another form': `000304${Buffer.from('42').toString('hex')}`,
    'that it listens, once more': `000301${Buffer.from('""').toString('hex')}`,
    'a report that is not one': `000303${Buffer.from('{}').toString('hex')}`,
    'a report with counts below zero': report('{"dropped":-1,"refused":{}}'),
  };
  describe('whose records are nonsense', () => {
    for (const [what, bytes] of Object.entries(nonsense)) {
      it(`is ended and replaced: ${what}`, async () => {
        const { pid, capturePid } = bouncer;
        const from = bouncer.records.length;
        execFileSync('python3', [WRITE_TO_DESCRIPTOR, String(capturePid), String(RECORDS), bytes]);
        const lost = await bouncer.logged('not listening', isLost, from);
        expect(lost.reason).to.match(/^it wrote nonsense: /);
        await bouncer.logged('listening', isListening, from);
        expect(isRunning(capturePid), 'the old capture process runs').to.equal(false);
        expect(bouncer.capturePid).not.to.equal(capturePid);
        await expectAccepted();
        expect(bouncer.pid).to.equal(pid);
        expect(isRunning(pid), 'the daemon runs').to.equal(true);
      });
    }
  });
});

function report(json: string): string {
  const length = (1 + json.length).toString(16).padStart(4, '0');
  return `${length}03${Buffer.from(json).toString('hex')}`;
}

function isLost({ msg }: LogRecord): boolean {
  return msg.startsWith('not listening: ');
}

function nobody(): { uid: string; gid: string } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid = '', gid = ''] = line?.split(':') ?? [];
  return { uid, gid };
}

function capabilities(status: ReadonlyMap<string, string>, set: string): bigint {
  return BigInt(`0x${status.get(set) ?? 'missing'}`);
}

/** The packages whose native modules a process has mapped. */
function nativeModules(pid: number): string[] {
  const modules = mappedFilesOf(pid).filter((file) => file.endsWith('.node'));
  return modules.map((file) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? file).sort();
}
