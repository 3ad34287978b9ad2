import { expect } from 'chai';
import { ClientFolder, GATE_KEY, profileText, SEED } from './support/client-folder.js';
import { opener } from './support/opener-process.js';

describe('doctor', function () {
  this.timeout(20_000);
  let client: ClientFolder;

  beforeEach(() => {
    client = new ClientFolder();
  });
  afterEach(() => {
    client.remove();
  });

  /** The lines without that of the clock, which depends on the machine. */
  async function examine(
    ...args: string[]
  ): Promise<{ exitCode: number | null; lines: string[]; stderr: string }> {
    const { exitCode, stdout, stderr } = await opener(['doctor', ...args], client);
    expect(stdout).to.match(/^(ok {2}|warn) {2}clock {5}the system /m);
    for (const secret of [SEED, GATE_KEY]) expect(stdout + stderr).to.not.contain(secret);
    const lines = stdout.split('\n').filter((line) => !/ clock | hint: timedatectl/.test(line));
    return { exitCode, lines: lines.slice(0, -1), stderr };
  }

  it('finds nothing wrong with a profile that works', async () => {
    client.write('home.toml', profileText('127.0.0.1', 9));
    expect(await examine('home')).to.deep.equal({
      exitCode: 0,
      lines: [
        `ok    profile   ${client.path('home.toml')}`,
        'ok    secrets   seed and gate key are readable to you alone',
        'ok    name      127.0.0.1 is 127.0.0.1',
        'ok    route     to 127.0.0.1 leaves from 127.0.0.1',
        'ok    firewall  this machine lets UDP to 127.0.0.1 out',
      ],
      stderr: '',
    });
  });

  it('says everything that is wrong, with what to do, and ends with 1', async () => {
    client.write('gate.key', GATE_KEY, 0o644);
    client.write('home.toml', profileText('does-not-exist.invalid', 9).replace('port = 9\n', ''));
    const { exitCode, lines, stderr } = await examine('home');
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^opener: 2 of \d checks failed\n$/);
    expect(lines.slice(0, 5)).to.deep.equal([
      `ok    profile   ${client.path('home.toml')}`,
      'warn  profile   names no port',
      `      hint: port = PORT in ${client.path('home.toml')}, or -p`,
      `fail  secrets   ${client.path('gate.key')}: holds a secret but is open to others (mode 0644)`,
      `      hint: chmod 600 ${client.path('gate.key')}`,
    ]);
    expect(lines[5]).to.match(/^fail {2}name {6}host "does-not-exist.invalid" does not resolve/);
  });

  it('looks at the rest of the machine even if there is no profile', async () => {
    const { exitCode, lines } = await examine('home');
    expect(exitCode).to.equal(1);
    expect(lines[0]).to.equal(
      `fail  profile   no profile is called "home": there is no ${client.path('home.toml')}`,
    );
  });
});
