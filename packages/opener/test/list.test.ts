import { expect } from 'chai';
import { ClientFolder, GATE_KEY, profileText, SEED } from './support/client-folder.js';
import { opener } from './support/opener-process.js';

describe('list', function () {
  this.timeout(20_000);
  let client: ClientFolder;

  beforeEach(() => {
    client = new ClientFolder();
  });
  afterEach(() => {
    client.remove();
  });

  function writeThree(): void {
    client.write('home.toml', `${profileText('a.example', 1)}[actions.web]\ncode = 2\nopens = ["tcp/80"]\n`);
    client.write('broken.toml', 'host = "b.example"\ncolour = 1\n');
    client.write('elsewhere.toml', `host = "c"\nseed = "${SEED}"\ngate_key = "${GATE_KEY}"\n`);
    client.write('notes.txt', 'x');
  }

  it('shows each profile with its host and actions, and of an unreadable one the reason', async () => {
    writeThree();
    const { exitCode, stdout, stderr } = await opener(['list'], client);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    const file = client.path('broken.toml');
    expect(stdout.split('\n')).to.deep.equal([
      `broken     unreadable: ${file}: colour: unknown key; ${file}: gate_key_file: missing`,
      'elsewhere  c',
      'home       a.example  ssh*, vpn, web (tcp/80)',
      '',
    ]);
  });

  it('says the same with --json, for programs, and no secret', async () => {
    writeThree();
    const { exitCode, stdout } = await opener(['list', '--json'], client);
    expect(exitCode).to.equal(0);
    const file = client.path('broken.toml');
    expect(JSON.parse(stdout)).to.deep.equal([
      {
        name: 'broken',
        unreadable: [`${file}: colour: unknown key`, `${file}: gate_key_file: missing`],
      },
      { name: 'elsewhere', host: 'c', actions: {} },
      {
        name: 'home',
        host: 'a.example',
        port: 1,
        default_action: 'ssh',
        actions: {
          ssh: { code: 21, opens: [] },
          vpn: { code: 23, opens: [] },
          web: { code: 2, opens: ['tcp/80'] },
        },
      },
    ]);
    for (const secret of [SEED, GATE_KEY]) expect(stdout).to.not.contain(secret);
  });

  it('says where profiles belong if there is none', async () => {
    expect(await opener(['list'], client)).to.deep.equal({
      exitCode: 0,
      stdout: '',
      stderr: `opener: no profiles in ${client.profiles}\nopener: hint: opener import - makes one of a bundle\n`,
    });
    expect((await opener(['list', '--json'], client)).stdout).to.equal('[]\n');
  });

  for (const [args, complaint] of [
    [['list', 'home'], 'unexpected "home"'],
    [['list', '-v'], 'list takes no --verbose'],
    [['home', '--json'], '--json is for list'],
  ] as const) {
    it(`is refused as ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await opener(args, client);
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain(`opener: ${complaint}\n`);
    });
  }
});
