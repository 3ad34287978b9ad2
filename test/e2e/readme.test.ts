import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Host } from '../support/network.js';
import { BOUNCER, OPENER, repositoryPath } from '../support/paths.js';
import { sshOptions, startSshd } from '../support/sshd.js';
import { Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

/** The host that the README's last command connects to. */
const SERVER_NAME = 'gw1.example.net';

/** The folders that a server is set up in. */
const SERVER_FOLDERS = ['/etc', '/run', '/var/lib'];

describe("The README's first page", function () {
  this.timeout(90_000);
  const stage = new Stage();

  beforeEach(async function () {
    stage.open(this);
    await startSshd(stage);
    nameServer(stage);
    installCommands();
  });

  afterEach(() => stage.close());

  it('gets a newcomer from nothing to a shell that nobody else gets', async () => {
    const { network, installation } = stage;
    const command = commandsOf(readFileSync(repositoryPath('README.md'), 'utf8'));

    expect(run(network.server, command('bouncer init'))).to.include('bouncer client add NAME --action ssh');
    const bundle = run(network.server, command('bouncer client add'));
    const daemon = network.start(network.server, shell(`exec ${command('bouncer run')}`), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let log = '';
    daemon.stdout?.setEncoding('utf8').on('data', (text: string) => (log += text));
    await waitFor('bouncer to listen', () => log.includes('listening on any') || undefined);

    run(network.client, command('opener import'), bundle);
    writeFileSync(installation.path('ssh.config'), `Host *\n${sshOptions(stage)}  ConnectTimeout 2\n`);
    const options = `-F ${installation.path('ssh.config')}`;
    expect(() => run(network.client, `ssh ${options} ${SERVER_NAME} true`)).to.throw(/timed out/);
    const ssh = command('ssh ');
    expect(ssh).to.match(new RegExp(`${SERVER_NAME}$`));
    expect(run(network.client, `${ssh.replace('ssh ', `ssh ${options} `)} id -un`)).to.equal('root\n');
    expect(run(network.server, 'bouncer confirm')).to.equal('confirmed: the guard stays\n');
  });

  /** Lets client and server know the server's name, and gives the server folders of its own. */
  function nameServer({ network, installation }: Stage): void {
    stage.nameServer(SERVER_NAME);
    for (const folder of SERVER_FOLDERS) {
      const own = join(installation.folder, 'server', folder);
      mkdirSync(own, { recursive: true });
      if (folder === '/etc') cpSync(folder, own, { recursive: true, verbatimSymlinks: true });
      network.cover(network.server, folder, own);
    }
    // This machine's sshd may listen elsewhere than the one of the test.
    rmSync(installation.path('server/etc/ssh'), { recursive: true, force: true });
    // What the command hostname takes for the full name.
    const hosts = `127.0.0.1 localhost\n${network.server.ipv4} ${SERVER_NAME} ${hostname()}\n`;
    writeFileSync(installation.path('server/etc/hosts'), hosts);
  }

  /** Has both commands found in $PATH, as once they are installed. */
  function installCommands(): void {
    mkdirSync(stage.installation.path('bin'));
    for (const [name, script] of Object.entries({ bouncer: BOUNCER, opener: OPENER })) {
      const path = stage.installation.path(`bin/${name}`);
      writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
      chmodSync(path, 0o755);
    }
  }

  /** Runs a line of the shell on a host. @returns its standard output */
  function run(host: Host, line: string, input = ''): string {
    return stage.network.run(host, shell(line), input);
  }

  /** The words that run a line of the shell where the commands are, and the home is empty. */
  function shell(line: string): string[] {
    const { installation } = stage;
    const path = `${installation.path('bin')}:${process.env['PATH'] ?? ''}`;
    const home = installation.path('home');
    return ['env', `PATH=${path}`, `HOME=${home}`, `XDG_CONFIG_HOME=${home}`, 'sh', '-c', line];
  }
});

/** Finds the one command of the chapter's code that begins so. */
function commandsOf(readme: string): (beginning: string) => string {
  const [, chapter = ''] = /^## Set it up in a minute\n(.*?)^## /ms.exec(readme) ?? [];
  const lines = Array.from(chapter.matchAll(/^```sh\n(.*?)^```/gms), ([, code = '']) => code.split('\n'))
    .flat()
    .map((line) => line.replace(/\s+#.*/, ''));
  return (beginning) => {
    const [line, ...others] = lines.filter((each) => each.startsWith(beginning));
    if (line === undefined || others.length > 0) throw new Error(`not one line begins with ${beginning}`);
    return line;
  };
}
