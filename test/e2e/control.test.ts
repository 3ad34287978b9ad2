import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { Status } from '@bouncer-spa/bouncer/dist/core/status.js';
import type { Bouncer } from '../support/bouncer.js';
import { bouncerCommand, type Ending } from '../support/command.js';
import { BOUNCER } from '../support/paths.js';
import { PORT } from '../support/installation.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const TABLES = `[actions.ssh]
code = 21
run = ["/bin/true"]

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh"]

[clients.bob]
seed_file = "bob.seed"
actions = []
`;

/** What runs a command as a user without any privilege. */
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

describe('The control socket', () => {
  const stage = new Stage();

  beforeEach(function () {
    stage.open(this);
    for (const name of ['alice', 'bob']) stage.installation.addClient(name);
    stage.installation.writeConfig(TABLES);
  });

  afterEach(() => stage.close());

  function ask(command: string, ...options: string[]): Promise<Ending> {
    return bouncerCommand([command, '-c', stage.installation.config, ...options]);
  }

  async function status(): Promise<Status> {
    return JSON.parse((await ask('status', '--json')).stdout) as Status;
  }

  async function accept(bouncer: Bouncer): Promise<void> {
    const packet = stage.installation.packet('alice', 21);
    expect(await decisionOn(stage, bouncer, stage.sender(), packet)).to.include({ decision: 'accept' });
  }

  function curl(target: string, ...options: string[]): string {
    const socket = stage.installation.path('control.sock');
    return execFileSync('curl', ['-s', '--unix-socket', socket, ...options, `http://localhost${target}`], {
      encoding: 'utf8',
    });
  }

  it('tells what was decided, to "bouncer status", to curl and to Prometheus', async () => {
    const { installation, network } = stage;
    const bouncer = await stage.bouncer();
    const sender = stage.sender();
    const packet = installation.packet('alice', 21);
    await decisionOn(stage, bouncer, sender, packet);
    const other = installation.packet('bob', 21);
    expect(await decisionOn(stage, bouncer, sender, other)).to.include({ reason: 'action' });

    const told = await status();
    expect(told).to.include({ server: 'gw1.example.net', pid: bouncer.pid, accepted: 1 });
    expect(told.accepted_by_action).to.deep.equal({ ssh: 1 });
    expect(told.rejected).to.deep.equal({ action: 1 });
    expect(told.config).to.include({ file: installation.config }).and.deep.include({ problems: [] });
    expect(told.captures[0]).to.include({ listening: true, port: PORT, pid: bouncer.capturePid, losses: 0 });
    expect(told.replay_cache.tags).to.equal(1);
    const [alice, bob] = told.clients;
    expect(alice?.last_accepted).to.include({ action: 'ssh', address: network.client.ipv4 });
    expect(bob).to.deep.equal({ name: 'bob', last_accepted: null });

    expect(JSON.parse(curl('/status'))).to.include({ server: 'gw1.example.net', accepted: 1 });
    const metrics = curl('/metrics');
    for (const line of [
      'bouncer_accepted_total{action="ssh"} 1',
      'bouncer_rejected_total{reason="action"} 1',
      'bouncer_capture_listening{interface="any"} 1',
    ]) {
      expect(metrics.split('\n')).to.include(line);
    }
  });

  it('is the same for a person, in colour on a terminal only', async () => {
    const bouncer = await stage.bouncer();
    await accept(bouncer);
    const { stdout } = await ask('status');
    const [uptime, address] = [/up (\d+m )?\d+s$/m, stage.network.client.ipv4];
    expect(stdout).to.match(uptime).and.include('listening on any, udp port');
    expect(stdout).to.match(new RegExp(`^alice +\\d+s ago +ssh +${address}$`, 'm'));
    expect(stdout).to.not.include('\x1b');
    const command = `${process.execPath} ${BOUNCER} status -c ${stage.installation.config}`;
    const terminal = (environment: Record<string, string>): string =>
      execFileSync('script', ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], TERM: 'xterm', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    expect(terminal({})).to.include('\x1b[32mlistening on any');
    expect(terminal({ NO_COLOR: '1' })).to.not.include('\x1b');
  });

  it('lists what is open, and ends it before its time', async () => {
    const { installation } = stage;
    const stop = installation.writeScript('stop.sh', `echo "$1" >> "${installation.path('stopped')}"`);
    const lease = `[actions.vpn]\ncode = 22\nrun = ["/bin/true"]\nstop = ["${stop}", "{address}"]\nfor = "1h"\n`;
    installation.writeConfig(`${lease}${TABLES.replace('["ssh"]', '["ssh", "vpn"]')}`);
    const bouncer = await stage.bouncer();
    expect((await ask('grants')).stdout).to.equal('no grants\n');
    const packet = installation.packet('alice', 22);
    const decision = await decisionOn(stage, bouncer, stage.sender(), packet);
    const id = String(decision['grant']);
    const { ipv4 } = stage.network.client;
    const { stdout } = await ask('grants');
    expect(stdout.split('\n')[1]).to.match(
      new RegExp(`^${id} +alice +vpn +${ipv4} +(1h|59m.*) +(starting|open)$`),
    );
    expect((await status()).grants).to.deep.equal({ live: 1, failing: 0 });

    const unknown = {
      status: 1,
      stdout: '',
      stderr: 'bouncer: there is no such grant: see bouncer grants\n',
    };
    expect(await ask('revoke', 'bob')).to.deep.equal(unknown);
    expect(await ask('revoke')).to.include({ status: 2 });
    expect(await ask('revoke', ipv4)).to.include({ status: 0, stderr: '' });
    await waitFor('its stop', () => installation.read('stopped') === `${ipv4}\n` || undefined);
    expect((await ask('grants')).stdout).to.equal('no grants\n');
    expect(await ask('revoke', id)).to.deep.equal(unknown);
    expect(await ask('revoke', '--all')).to.deep.equal({ status: 0, stdout: 'no grants\n', stderr: '' });
  });

  it('lets "bouncer reload" wait for what comes of it', async () => {
    const { installation } = stage;
    const bouncer = await stage.bouncer();
    installation.addClient('carol');
    installation.writeConfig(`${TABLES}[clients.carol]\nseed_file = "carol.seed"\nactions = ["ssh"]\n`);
    expect(await ask('reload')).to.deep.equal({ status: 0, stdout: 'config reloaded\n', stderr: '' });
    const packet = installation.packet('carol', 21);
    expect(await decisionOn(stage, bouncer, stage.sender(), packet)).to.include({ decision: 'accept' });
  });

  it('tells all that is wrong with a config, which stays out of force', async () => {
    const { installation } = stage;
    const bouncer = await stage.bouncer();
    const { config } = installation;
    writeFileSync(config, readFileSync(config, 'utf8').replace('delta = 2', 'delta = 99\ncolour = "red"'));
    const problems = [
      `${config}: capture.delta: expected a whole number from 0 to 10`,
      `${config}: capture.colour: unknown key`,
    ];
    expect(await ask('reload')).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: `${problems.join('\n')}\nbouncer: config not reloaded, the old one goes on\n`,
    });
    const json = await ask('reload', '--json');
    expect(json.status).to.equal(1);
    expect(JSON.parse(json.stdout)).to.deep.equal({ reloaded: false, problems });
    expect((await status()).config.problems).to.deep.equal(problems);
    await accept(bouncer);
  });

  it('is found by --socket when the config cannot be read', async () => {
    const { installation } = stage;
    await stage.bouncer();
    writeFileSync(installation.config, '[server');
    const { status: exit, stderr } = await ask('reload', '--socket', installation.path('control.sock'));
    expect(exit).to.equal(1);
    expect(stderr).to.match(/bouncer\.toml line 1: .*\nbouncer: config not reloaded, the old one goes on\n$/);
  });

  it("is root's alone", async () => {
    await stage.bouncer();
    const socket = stage.installation.path('control.sock');
    expect(lstatSync(socket).mode & 0o777).to.equal(0o600);
    chmodSync(stage.installation.folder, 0o755);
    const args = ['status', '--socket', socket];
    expect(await bouncerCommand(args, { wrapper: AS_NOBODY })).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: 'bouncer: only root may ask the daemon: try it with sudo\n',
    });
  });

  it('is gone when the daemon stops, and made anew over what a killed one left', async () => {
    const socket = stage.installation.path('control.sock');
    const killed = await stage.bouncer();
    await killed.kill();
    expect(lstatSync(socket).isSocket()).to.equal(true);
    const nobody = `bouncer: no bouncer is running: nobody listens at ${socket} (--socket PATH names another)\n`;
    expect(await ask('status')).to.deep.equal({ status: 1, stdout: '', stderr: nobody });
    const bouncer = await stage.bouncer();
    expect((await status()).pid).to.equal(bouncer.pid);
    await bouncer.stop();
    expect(() => lstatSync(socket)).to.throw('ENOENT');
    expect(await ask('status')).to.deep.equal({ status: 1, stdout: '', stderr: nobody });
  });

  it('keeps nobody out when it cannot be made, and is made at a reload', async () => {
    const { installation } = stage;
    const socket = installation.path('control.sock');
    mkdirSync(socket);
    const bouncer = await stage.bouncer();
    const said = `no control socket at ${socket}: there is something else than a socket: remove it`;
    await bouncer.logged('why there is none', ({ msg }) => msg.startsWith(said));
    await accept(bouncer);
    execFileSync('rmdir', [socket]);
    await bouncer.reload();
    expect((await status()).accepted).to.equal(1);
  });

  it('moves with the config, also while it is asked to', async () => {
    const { installation } = stage;
    const bouncer = await stage.bouncer();
    const { config } = installation;
    const former = installation.path('control.sock');
    writeFileSync(config, readFileSync(config, 'utf8').replace('control.sock', 'sub/other.sock'));
    const { stdout } = await ask('reload', '--socket', former);
    expect(stdout).to.equal('config reloaded\n');
    expect((await status()).pid).to.equal(bouncer.pid);
    expect(() => lstatSync(former)).to.throw('ENOENT');
  });

  it('has the metrics in a file too', async () => {
    const { installation } = stage;
    installation.writeConfig(`[metrics]\ntextfile = "bouncer.prom"\n${TABLES}`);
    await stage.bouncer();
    const text = await waitFor('the metrics', () => installation.read('bouncer.prom') || undefined);
    expect(text.split('\n')).to.include('bouncer_info{version="0.1.0"} 1');
    expect(lstatSync(installation.path('bouncer.prom')).mode & 0o777).to.equal(0o644);
  });
});
