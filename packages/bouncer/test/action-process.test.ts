import { expect } from 'chai';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, type Outcome } from '@bouncer-spa/bouncer/dist/system/action-process.js';

/** Milliseconds that no command of these tests reaches by itself. */
const LONG = 60_000;

/** Milliseconds after which a command that never ends is ended. */
const SHORT = 400;

/** What a shell would act upon. */
const SHELL_WORDS = [
  '$(touch INJECTED)',
  '`touch INJECTED`',
  '; rm -rf x',
  '&& id',
  'a\nb',
  '*',
  "'",
  '"',
  '',
];

describe('A command', () => {
  let folder: string;
  const strays: number[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-action-'));
  });

  afterEach(() => {
    for (const pid of strays.splice(0)) killIfThere(pid);
    rmSync(folder, { recursive: true });
  });

  function run(
    argv: readonly string[],
    timeout = LONG,
    environment: Record<string, string> = {},
  ): Promise<Outcome> {
    return runCommand({ argv, environment: { PATH: '/usr/bin:/bin', ...environment }, timeout });
  }

  function runShell(script: string, timeout = LONG): Promise<Outcome> {
    return run(['/bin/sh', '-c', script, folder], timeout);
  }

  /** The process whose id the command wrote into a file; it is ended after the test, if it is still there. */
  function pidFrom(name: string): number {
    const pid = Number(readFileSync(join(folder, name), 'utf8'));
    strays.push(pid);
    return pid;
  }

  it('that exits tells its status', async () => {
    expect(await runShell('exit 7')).to.include({ status: 7, signal: undefined, timedOut: false });
    expect(await run(['/bin/true'])).to.include({ status: 0, signal: undefined, timedOut: false });
  });

  it('that a signal ends tells the signal', async () => {
    expect(await runShell('kill -USR2 $$')).to.include({ status: undefined, signal: 'SIGUSR2' });
  });

  it('gets every word as it is, whatever a shell would make of it', async () => {
    const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    const { output } = await run([process.execPath, '-e', print, '--', ...SHELL_WORDS]);
    expect(JSON.parse(output)).to.deep.equal(SHELL_WORDS);
    expect(existsSync('/INJECTED')).to.equal(false);
  });

  it('has the environment that it was given and nothing else', async () => {
    const { output } = await run(['/usr/bin/env'], LONG, { BOUNCER_CLIENT: 'alice' });
    expect(output).to.equal('PATH=/usr/bin:/bin\nBOUNCER_CLIENT=alice\n');
  });

  it('runs in the root folder', async () => {
    expect((await run(['/usr/bin/readlink', '/proc/self/cwd'])).output).to.equal('/\n');
  });

  it('reads nothing from its standard input', async () => {
    expect((await run(['/usr/bin/readlink', '/proc/self/fd/0'])).output).to.equal('/dev/null\n');
  });

  it('leads a process group and a session of its own', async () => {
    const { output } = await run(['/bin/cat', '/proc/self/stat']);
    // proc(5): number, name, state, parent, group, session, terminal
    const [pid, , , parent, group, session, terminal] = output.split(' ').map(Number);
    expect(parent).to.equal(process.pid);
    expect([group, session]).to.deep.equal([pid, pid]);
    expect(terminal).to.equal(0);
  });

  it('has the first 4096 bytes of its output kept and all of them counted', async () => {
    const { output, outputSize } = await runShell('printf begin; head -c 10000000 /dev/zero | tr "\\0" x');
    expect(output).to.equal('begin' + 'x'.repeat(4091));
    expect(outputSize).to.equal(10_000_005);
  });

  it('has what it writes to standard error kept too', async () => {
    const { output, outputSize } = await runShell('echo wrong >&2');
    expect({ output, outputSize }).to.deep.equal({ output: 'wrong\n', outputSize: 6 });
  });

  for (const [what, make] of [
    ['is missing', () => undefined],
    [
      'is not executable',
      (path: string) => {
        writeFileSync(path, '#!/bin/sh\n', { mode: 0o600 });
      },
    ],
    [
      'has an interpreter that is missing',
      (path: string) => {
        writeFileSync(path, '#!/no/such/interpreter\n', { mode: 0o700 });
      },
    ],
  ] as const) {
    it(`whose program ${what} is said not to have started`, async () => {
      const path = join(folder, 'program');
      make(path);
      const outcome = await run([path]);
      expect(outcome.failure).to.match(/ENOENT|EACCES/);
      expect(outcome).to.include({ status: undefined, signal: undefined, timedOut: false });
    });
  }

  it('whose program is being written is said not to have started', async () => {
    const path = join(folder, 'program');
    writeFileSync(path, '#!/bin/sh\n', { mode: 0o700 });
    const writing = openSync(path, 'r+');
    try {
      expect((await run([path])).failure).to.match(/ETXTBSY/);
    } finally {
      closeSync(writing);
    }
  });

  it('whose program lies in a folder that has become a file is said not to have started', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect((await run([join(folder, 'file/program')])).failure).to.match(/ENOTDIR/);
  });

  it('that reaches its limit is asked to end', async () => {
    const outcome = await runShell('trap "echo tidied; exit 3" TERM; while :; do sleep 0.1; done', SHORT);
    expect(outcome).to.include({ timedOut: true, status: 3 });
    expect(outcome.output).to.match(/^tidied$/m);
  });

  it('that ignores being asked is ended all the same', async () => {
    const outcome = await runShell('trap "" TERM; while :; do sleep 0.1; done', SHORT);
    expect(outcome).to.include({ timedOut: true, status: undefined, signal: 'SIGKILL' });
  });

  it('that ends before its limit is not said to have reached it', async () => {
    const outcome = await runShell('sleep 0.1', LONG);
    expect(outcome).to.include({ timedOut: false, status: 0 });
  });

  for (const [what, redirection] of [
    ['holds its output', ''],
    ['has an output of its own', '>/dev/null 2>&1'],
  ] as const) {
    it(`that reaches its limit takes a grandchild with it that ignores being asked and ${what}`, async () => {
      const grandchild = `trap "" TERM; echo $$ > "$0/pid"; while :; do sleep 0.1; done`;
      const outcome = await runShell(
        `sh -c '${grandchild}' "$0" ${redirection} & while [ ! -s "$0/pid" ]; do sleep 0.01; done; wait`,
        2 * SHORT,
      );
      expect(outcome.timedOut).to.equal(true);
      await waitForEndOf(pidFrom('pid'));
    });
  }

  it('is over when its leader has ended, even if a process of another group goes on elsewhere', async () => {
    const outcome = await runShell(
      'setsid sh -c "echo \\$\\$ > \'$0/pid\'; exec sleep 60" >/dev/null 2>&1 & while [ ! -s "$0/pid" ]; do sleep 0.01; done',
    );
    expect(outcome).to.include({ timedOut: false, status: 0 });
    expect(isRunning(pidFrom('pid')), 'the other process runs').to.equal(true);
  });

  it('is over soon after its limit even if a process that left the group holds its output', async () => {
    const outcome = await runShell(
      'setsid sh -c "echo \\$\\$ > \'$0/pid\'; exec sleep 60" & while [ ! -s "$0/pid" ]; do sleep 0.01; done',
      SHORT,
    );
    expect(outcome).to.include({ timedOut: true });
    // It is the proof that nobody waited for it to let go of the output.
    expect(isRunning(pidFrom('pid')), 'the process that left runs').to.equal(true);
  });

  it('whose leader has ended is ended at its limit while a process of its group holds its output', async () => {
    const outcome = await runShell('sleep 60 & echo $! > "$0/pid"; exit 0', SHORT);
    expect(outcome).to.include({ timedOut: true, status: 0 });
    await waitForEndOf(pidFrom('pid'));
  });
});

/** Whether a process is there and not only waiting to be collected. */
function isRunning(pid: number): boolean {
  try {
    const [state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

/** A signal that was sent takes effect soon, but not at once. */
async function waitForEndOf(pid: number): Promise<void> {
  for (let tries = 0; isRunning(pid); tries++) {
    if (tries === 200) throw new Error(`process ${pid} still runs`);
    await sleep(10);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, as it should be.
  }
}
