import { readFileSync, statSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { parseSeed } from '@bouncer-spa/protocol';
import { expect } from 'chai';
import { ClientFolder } from './support/client-folder.js';
import { opener, OPENER } from './support/opener-process.js';

describe('keygen', function () {
  this.timeout(20_000);
  let client: ClientFolder;

  beforeEach(() => {
    client = new ClientFolder();
  });
  afterEach(() => {
    client.remove();
  });

  it('writes 64 hexadecimal digits and a line feed into a file of mode 0600, and says nothing', async () => {
    const file = client.path('new.seed');
    expect(await opener(['keygen', file], client)).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).to.match(/^[0-9a-f]{64}\n$/);
    expect(parseSeed(readFileSync(file, 'utf8'))).to.have.length(32);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('writes another one each time', async () => {
    await opener(['keygen', client.path('a')], client);
    await opener(['keygen', client.path('b')], client);
    expect(readFileSync(client.path('a'), 'utf8')).to.not.equal(readFileSync(client.path('b'), 'utf8'));
  });

  for (const umask of ['000', '777']) {
    it(`writes mode 0600 whatever the umask, as with ${umask}`, () => {
      const file = client.path('new.seed');
      spawnSync('/bin/sh', [
        '-c',
        `umask ${umask}; exec "$0" "$@"`,
        process.execPath,
        OPENER,
        'keygen',
        file,
      ]);
      expect(statSync(file).mode & 0o777).to.equal(0o600);
    });
  }

  it('refuses to overwrite', async () => {
    const file = client.path('alice.seed');
    const before = readFileSync(file, 'utf8');
    expect(await opener(['keygen', file], client)).to.deep.equal({
      exitCode: 3,
      stdout: '',
      stderr:
        `opener: ${file}: file already exists\n` +
        'opener: hint: secrets are never overwritten; choose another name\n',
    });
    expect(readFileSync(file, 'utf8')).to.equal(before);
  });

  it('refuses to write through a symbolic link', async () => {
    symlinkSync('target', client.path('link'));
    expect((await opener(['keygen', client.path('link')], client)).exitCode).to.equal(3);
    expect(() => statSync(client.path('target'))).to.throw('ENOENT');
  });

  it('refuses a folder that does not exist, with the command that makes it', async () => {
    const folder = client.path('no folder');
    expect(await opener(['keygen', `${folder}/a.seed`], client)).to.deep.equal({
      exitCode: 3,
      stdout: '',
      stderr:
        `opener: ${folder}/a.seed: no such file or directory\n` +
        `opener: hint: mkdir -p -m 700 '${folder}'\n`,
    });
  });

  it('leaves nothing behind if it cannot write', () => {
    const file = client.path('new.seed');
    // A limit of no blocks at all makes every write fail as a full disk does.
    const command = `ulimit -f 0; trap '' XFSZ; exec "$0" "$@"`;
    const { stderr, status } = spawnSync(
      '/bin/sh',
      ['-c', command, process.execPath, OPENER, 'keygen', file],
      { encoding: 'utf8' },
    );
    expect(stderr).to.equal(`opener: ${file}: file too large\n`);
    expect(status).to.equal(3);
    expect(() => statSync(file)).to.throw('ENOENT');
  });

  it('takes nothing but one file', async () => {
    const { exitCode, stderr } = await opener(['keygen', 'a', 'b'], client);
    expect(exitCode).to.equal(2);
    expect(stderr).to.equal(
      'opener: keygen expected the name of one new file and nothing else\n' +
        'opener: hint: opener keygen alice.seed\n',
    );
  });
});
