import { expect } from 'chai';
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { bouncerCommand, runToEnd, type Ending } from '../support/command.js';
import { BOUNCER, repositoryPath } from '../support/paths.js';
import { waitForEndOf } from '../support/process-end.js';
import { isRunning } from '../support/processes.js';
import { Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const SCRIPT = repositoryPath('configs/bouncer.init');

/** Numbers of fields in /proc/PID/stat, counted from that behind the name (proc(5)). */
const PARENT = 1;
const SESSION = 3;
const TERMINAL = 4;

describe('In the background', () => {
  const stage = new Stage();

  before(function () {
    stage.open(this);
    const { installation } = stage;
    installation.addClient('alice');
    installation.writeScript('bouncer', `exec "${process.execPath}" "${BOUNCER}" "$@"`);
  });

  beforeEach(() => {
    configure('file = "bouncer.log"');
  });

  after(() => stage.close());

  function configure(log: string): void {
    const { installation } = stage;
    const script = installation.writeScript('note.sh', `echo noted >> "${installation.path('noted')}"`);
    installation.writeConfig(`
[log]
${log}

[actions.note]
code = 21
run = ["${script}"]

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`);
  }

  /** Runs the script for systems without systemd. */
  async function service(word: string): Promise<Ending> {
    const { installation, network } = stage;
    const settings = [
      `BOUNCER=${installation.path('bouncer')}`,
      `CONFIG=${installation.config}`,
      `PID_FILE=${installation.path('pid')}`,
    ];
    const argv = ['ip', 'netns', 'exec', network.server.namespace, 'env', ...settings, 'sh', SCRIPT, word];
    return runToEnd(argv);
  }

  /** Runs bouncer with the config on the server. */
  function bouncer(...words: string[]): Promise<Ending> {
    const wrapper = ['ip', 'netns', 'exec', stage.network.server.namespace];
    return bouncerCommand([...words, '-c', stage.installation.config], { wrapper });
  }

  function pid(): number {
    return Number(stage.installation.read('pid'));
  }

  it('bouncer is started by its script for init, which ends when it listens', async () => {
    const { installation, network } = stage;
    const sender = stage.sender();
    expect(await service('start')).to.deep.equal({ status: 0, stdout: '', stderr: '' });
    await sender.send(installation.packet('alice', 21), network.server.ipv4);
    await waitFor('the action', () => installation.read('noted') || undefined);
  });

  it('it has a session, no terminal, no parent that waits and nothing open of those who started it', () => {
    const stat = readFileSync(`/proc/${pid()}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect(fields[SESSION]).to.equal(String(pid()));
    expect(fields[TERMINAL]).to.equal('0');
    expect(fields[PARENT]).to.not.equal(String(process.pid));
    expect(readlinkSync(`/proc/${pid()}/cwd`)).to.equal('/');
    for (const descriptor of [0, 1, 2]) {
      expect(readlinkSync(`/proc/${pid()}/fd/${descriptor}`)).to.equal('/dev/null');
    }
  });

  it('it is not started twice, neither by the script nor with another config', async () => {
    const { installation } = stage;
    expect(await service('start')).to.include({
      status: 0,
      stdout: `bouncer runs already, process ${pid()}\n`,
    });
    const config = installation.read('bouncer.toml').replace('"state"', '"state2"');
    writeFileSync(installation.config, config.replace('control.sock', 'control2.sock'));
    const path = installation.path('pid');
    expect(await bouncer('run', '--daemon', '--pid-file', path)).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: `bouncer: ${path} is the file of another bouncer, process ${pid()}, which runs\n`,
    });
  });

  it('it is asked and reloaded by the script', async () => {
    expect((await service('status')).stdout).to.include(`process ${pid()}`);
    expect(await service('reload')).to.deep.equal({ status: 0, stdout: 'config reloaded\n', stderr: '' });
  });

  it('it starts again after a kill -9, whatever process has its number by then', async () => {
    const killed = pid();
    process.kill(killed, 'SIGKILL');
    await waitForEndOf(killed);
    expect(pid()).to.equal(killed);
    writeFileSync(stage.installation.path('pid'), `${process.pid}\n`);
    expect(await bouncer('run', '--daemon', '--pid-file', stage.installation.path('pid'))).to.include({
      status: 0,
    });
    expect(pid()).to.not.equal(process.pid);
    expect(isRunning(pid())).to.equal(true);
  });

  it('it is ended by the script, and its file removed', async () => {
    const stopped = pid();
    expect(await service('stop')).to.deep.equal({ status: 0, stdout: '', stderr: '' });
    expect(isRunning(stopped)).to.equal(false);
    expect(stage.installation.read('pid')).to.equal('');
    expect(stage.installation.read('bouncer.log')).to.include('bouncer stopped');
  });

  it('it is not started without a place for its log, and says so', async () => {
    configure('');
    const { status, stderr } = await service('start');
    expect(status).to.equal(1);
    expect(stderr).to.include('log.file: is missing, and log.syslog too: in the background');
  });

  it('it is not started with a config that is wrong, and says what is', async () => {
    rmSync(stage.installation.path('alice.seed'));
    const { status, stderr } = await service('start');
    expect(status).to.equal(1);
    expect(stderr).to.include('clients.alice.seed_file');
  });
});
