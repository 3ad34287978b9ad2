import { chmodSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ClientFolder, profileText } from './support/client-folder.js';
import { opener, type Outcome } from './support/opener-process.js';

const EXAMPLE = fileURLToPath(import.meta.resolve('@bouncer-spa/opener/example.toml'));

describe('the search for the profile', function () {
  this.timeout(20_000);
  let client: ClientFolder;

  beforeEach(() => {
    client = new ClientFolder();
  });
  afterEach(() => {
    client.remove();
  });

  /** Which port the profile has that was found; each has its own. */
  async function portFound(...args: string[]): Promise<string | undefined> {
    const { exitCode, stderr } = await opener([...args, '--print', '-v'], client);
    expect(exitCode, stderr).to.equal(0);
    return / port (\d+)\n/.exec(stderr)?.[1];
  }

  function refusal(...lines: string[]): Outcome {
    return { exitCode: 3, stdout: '', stderr: lines.map((line) => `opener: ${line}\n`).join('') };
  }

  it('finds NAME.toml by its name', async () => {
    client.write('home.toml', profileText('a.example', 1));
    client.write('work.toml', profileText('a.example', 2));
    expect(await portFound('work')).to.equal('2');
  });

  it('finds it in ~/.config without $XDG_CONFIG_HOME', async () => {
    client.write('home.toml', profileText('a.example', 3));
    mkdirSync(join(client.root, '.config'));
    renameSync(client.profiles, join(client.root, '.config', 'opener'));
    const { exitCode } = await opener(['home', '--print'], { env: { HOME: client.root } });
    expect(exitCode).to.equal(0);
  });

  it('takes --profile for the file that it names, from the working directory', async () => {
    client.write('home.toml', profileText('a.example', 4));
    for (const args of [
      ['--profile', 'home.toml'],
      ['--profile', client.path('home.toml'), 'ssh'],
    ]) {
      const { exitCode } = await opener([...args, '--print'], { env: { HOME: '/' }, cwd: client.profiles });
      expect(exitCode).to.equal(0);
    }
  });

  it('follows a symbolic link', async () => {
    client.write('real', profileText('a.example', 5));
    symlinkSync('real', client.path('home.toml'));
    expect(await portFound('home')).to.equal('5');
  });

  it('finds HOST.toml by the destination before a profile that has it as host', async () => {
    client.write('a.toml', profileText('b.example', 6));
    client.write('b.example.toml', profileText('a.example', 7));
    expect(await portFound('-d', 'b.example')).to.equal('7');
  });

  it('finds the single profile that has the destination as host, in whatever case', async () => {
    client.write('a.toml', profileText('a.example', 8));
    client.write('b.toml', profileText('B.Example', 9));
    client.write('broken.toml', '=');
    expect(await portFound('-d', 'b.exAmple')).to.equal('9');
  });

  it('refuses to choose between profiles of the same host', async () => {
    const a = client.write('a.toml', profileText('a.example', 1));
    const b = client.write('b.toml', profileText('a.example', 2));
    expect(await opener(['-d', 'a.example'], client)).to.deep.equal(
      refusal(
        `more than one profile has the host "a.example": ${a}, ${b}`,
        'hint: name one with opener PROFILE or --profile FILE',
      ),
    );
  });

  it('says for ssh how to choose between them', async () => {
    client.write('home.toml', profileText('a.example', 1));
    client.write('work.toml', profileText('a.example', 2));
    const { exitCode, stderr } = await opener(['proxy', 'a.example', '22'], client);
    expect(exitCode).to.equal(3);
    expect(stderr.split('\n')[1]).to.equal(
      'opener: hint: name one in its Host block of ~/.ssh/config: ProxyCommand opener proxy PROFILE %p',
    );
  });

  it('says for a name where it looked and how to come by a profile', async () => {
    expect(await opener(['home'], client)).to.deep.equal(
      refusal(
        `no profile is called "home": there is no ${client.path('home.toml')}`,
        'hint: opener import - --name home makes one of a bundle',
      ),
    );
  });

  it('says for a name which others there are', async () => {
    client.write('work.toml', profileText('a.example', 1));
    client.write('my server.toml', profileText('a.example', 1));
    const { exitCode, stderr } = await opener(['wrok', 'ssh'], client);
    expect(exitCode).to.equal(3);
    expect(stderr).to.contain(
      "hint: there is 'my server', work; opener import - --name wrok makes one of a bundle\n",
    );
  });

  it('takes no bundle for a name', async () => {
    const bundle = `bouncer:${'Ab_-'.repeat(30)}`;
    expect(await opener([bundle], client)).to.deep.equal({
      exitCode: 2,
      stdout: '',
      stderr:
        'opener: profile expected a name, got a bundle, which every user of this machine could see\n' +
        'opener: hint: opener import - asks for it\n',
    });
  });

  it('says for a destination where it looked, how to come by a profile, and which it could not read', async () => {
    client.write('a.toml', profileText('a.example', 1));
    const broken = client.write('broken.toml', '\n=');
    const file = client.path('b.example.toml');
    expect(await opener(['-d', 'b.example'], client)).to.deep.equal(
      refusal(
        `no profile for "b.example": there is no ${file}, and no profile in ${client.profiles} has it as host`,
        'hint: there is a, broken; opener import - --name b.example makes one of a bundle',
        `${broken} line 2: unexpected end of key`,
      ),
    );
  });

  it('says so for a destination too if there is no folder of profiles', async () => {
    const { exitCode, stderr } = await opener(['-d', 'b.example'], { env: { HOME: '/nonexistent' } });
    expect(exitCode).to.equal(3);
    expect(stderr).to.contain('there is no /nonexistent/.config/opener/b.example.toml');
  });

  it('says what keeps it from looking into the folder', async () => {
    const env = { XDG_CONFIG_HOME: client.write('file', 'x') };
    const { exitCode, stderr } = await opener(['-d', 'b.example'], { env });
    expect(exitCode).to.equal(3);
    expect(stderr).to.equal(`opener: ${client.path('file')}/opener: not a directory\n`);
  });

  it('is refused if there is no home to look in, with the ways around', async () => {
    expect(await opener(['home'], { env: { HOME: '' } })).to.deep.equal(
      refusal('the user has no home folder', 'hint: use --profile FILE, or set HOME or XDG_CONFIG_HOME'),
    );
  });

  it('says for a file how to write one, in a command that works as it stands, whatever its folder is called', async () => {
    const file = join(client.root, "it's here", 'home.toml');
    const { stderr } = await opener(['--profile', file]);
    const hint = /^opener: hint: (.*)$/m.exec(stderr)?.[1] ?? '';
    expect(hint)
      .to.contain(String.raw`'\''s here`)
      .and.to.contain(EXAMPLE);
    const { execFileSync } = await import('node:child_process');
    execFileSync('/bin/sh', ['-c', hint]);
    chmodSync(file, 0o600);
    const after = await opener(['--profile', file]);
    expect(after.stderr).to.contain('gate.key: no such file or directory');
  });

  it('refuses a path for a name', async () => {
    expect(await opener(['./home.toml'], client)).to.deep.equal({
      exitCode: 2,
      stdout: '',
      stderr:
        'opener: profile expected a name, got the path "./home.toml"\n' +
        'opener: hint: opener --profile ./home.toml\n',
    });
  });

  describe('finds a file that is refused', () => {
    it('since it is a directory', async () => {
      mkdirSync(client.path('home.toml'));
      expect(await opener(['home'], client)).to.deep.equal(
        refusal(`${client.path('home.toml')}: is a directory`),
      );
    });

    it('since it is no regular file', async () => {
      expect(await opener(['--profile', '/dev/null'], client)).to.deep.equal(
        refusal('/dev/null: is not a regular file'),
      );
    });

    it('since it is empty', async () => {
      const file = client.write('home.toml', '');
      expect(await opener(['home'], client)).to.deep.equal(refusal(`${file}: is empty`));
    });

    it('since it is too large', async () => {
      const file = client.write('home.toml', '#'.repeat(65_537));
      expect(await opener(['home'], client)).to.deep.equal(
        refusal(`${file}: expected at most 65536 bytes, got more`),
      );
    });

    it('since its syntax is wrong, with the line and without its content', async () => {
      const file = client.write('home.toml', `host = "a"\nseed = ${'5eed'.repeat(16)}\n`);
      expect(await opener(['home'], client)).to.deep.equal(
        refusal(`${file} line 2: illegal character in numeric literal`),
      );
    });

    it('since much is wrong with it, and all of it is listed', async () => {
      const file = client.write('home.toml', 'port = 0\nsede = 1\n');
      const { exitCode, stderr } = await opener(['home'], client);
      expect(exitCode).to.equal(3);
      expect(stderr.match(/^opener: (?!hint).*$/gm)).to.deep.equal([
        `opener: ${file}: sede: unknown key`,
        `opener: ${file}: host: missing`,
        `opener: ${file}: port: expected an integer from 1 to 65535, got 0`,
        `opener: ${file}: gate_key_file: missing`,
      ]);
    });
  });
});
