import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { expect } from 'chai';
import { ClientFolder, GATE_KEY, OTHER_SEED, profileText, SEED } from './support/client-folder.js';
import { opener, type Outcome } from './support/opener-process.js';
import { openPrinted } from './support/verifier.js';

const NOBODY = 65_534;

describe('a secret', function () {
  this.timeout(20_000);
  let client: ClientFolder;

  beforeEach(() => {
    client = new ClientFolder();
    client.write('home.toml', profileText('a.example', 1), 0o644);
  });
  afterEach(() => {
    client.remove();
  });

  function print(...args: string[]): Promise<Outcome> {
    return opener(['home', '--print', ...args], client);
  }

  function refusal(...lines: string[]): Outcome {
    return { exitCode: 3, stdout: '', stderr: lines.map((line) => `opener: ${line}\n`).join('') };
  }

  for (const mode of [0o600, 0o400]) {
    it(`in a file of mode 0${mode.toString(8)} is taken`, async () => {
      client.write('alice.seed', `${SEED}\n`, mode);
      client.write('gate.key', `${GATE_KEY}\n`, mode);
      expect((await print()).exitCode).to.equal(0);
    });
  }

  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777]) {
    const shown = `0${mode.toString(8)}`;
    it(`in a file of mode ${shown} is refused with the command that mends it`, async () => {
      const file = client.write('alice.seed', `${SEED}\n`, mode);
      expect(await print()).to.deep.equal(
        refusal(`${file}: holds a secret but is open to others (mode ${shown})`, `hint: chmod 600 ${file}`),
      );
      execFileSync('/bin/sh', ['-c', `chmod 600 ${file}`]);
      expect((await print()).exitCode).to.equal(0);
    });
  }

  it('behind a symbolic link is judged by the file itself', async () => {
    client.write('real.seed', `${SEED}\n`, 0o644);
    symlinkSync('real.seed', client.path('link.seed'));
    expect((await print('-k', client.path('link.seed'))).exitCode).to.equal(3);
    chmodSync(client.path('real.seed'), 0o600);
    expect((await print('-k', client.path('link.seed'))).exitCode).to.equal(0);
  });

  it('in the profile itself asks the same of the profile', async () => {
    const text = `host = "a"\nserver_id = "gw1.example.net"\nport = 1\ngate_key_file = "gate.key"\nseed = "${SEED}"`;
    const file = client.write('home.toml', text, 0o640);
    expect(await print('-f21')).to.deep.equal(
      refusal(`${file}: holds a secret but is open to others (mode 0640)`, `hint: chmod 600 ${file}`),
    );
    chmodSync(file, 0o600);
    expect((await print('-f21')).exitCode).to.equal(0);
  });

  it('that belongs to another user is refused', async function () {
    if (process.geteuid?.() !== 0) this.skip();
    const file = client.path('alice.seed');
    chownSync(file, NOBODY, NOBODY);
    expect(await print()).to.deep.equal(
      refusal(
        `${file}: holds a secret but belongs to user 65534, and the command runs as 0`,
        `hint: chown 0 ${file}`,
      ),
    );
  });

  it('that root owns and the user cannot read is refused with the reason', async function () {
    if (process.geteuid?.() !== 0) this.skip();
    chmodSync(client.root, 0o755);
    chmodSync(client.profiles, 0o755);
    const outcome = await opener(['home', '--print'], { env: client.env, uid: NOBODY });
    expect(outcome).to.deep.equal(
      refusal(
        `${client.path('gate.key')}: permission denied`,
        `${client.path('alice.seed')}: permission denied`,
      ),
    );
  });

  it('that is wrong does not hide that the other is wrong too', async () => {
    const seed = client.write('alice.seed', 'x\n');
    const key = client.write('gate.key', `${GATE_KEY}\n`, 0o644);
    expect(await print()).to.deep.equal(
      refusal(
        `${key}: holds a secret but is open to others (mode 0644)`,
        `hint: chmod 600 ${key}`,
        `${seed}: seed expected 64 hexadecimal digits, got other characters`,
      ),
    );
  });

  it('that is missing is refused, and the hint says where it comes from', async () => {
    client.write('home.toml', profileText('a', 1).replace('gate.key', 'no.key'));
    const seed = client.path('no.seed');
    expect(await print('-k', seed)).to.deep.equal(
      refusal(
        `${client.path('no.key')}: no such file or directory`,
        "hint: the gate key is the server's; its administrator has it",
        `${seed}: no such file or directory`,
        `hint: opener keygen ${seed} writes a seed, which the server must be given`,
      ),
    );
  });

  it('that is a directory is refused', async () => {
    mkdirSync(client.path('d.seed'), { mode: 0o700 });
    expect(await print('-k', client.path('d.seed'))).to.deep.equal(
      refusal(`${client.path('d.seed')}: is a directory`),
    );
  });

  it('that is a pipe is refused without waiting for a writer', async () => {
    const fifo = client.path('fifo');
    execFileSync('mkfifo', ['-m', '600', fifo]);
    expect(await print('-k', fifo)).to.deep.equal(refusal(`${fifo}: is not a regular file`));
  });

  it('beneath a file instead of a folder is refused', async () => {
    const file = `${client.path('gate.key')}/x`;
    expect(await print('-k', file)).to.deep.equal(refusal(`${file}: not a directory`));
  });

  for (const end of ['', '\n', '\r\n']) {
    it(`may end in ${JSON.stringify(end)}`, async () => {
      client.write('alice.seed', `${SEED.toUpperCase()}${end}`);
      expect(openPrinted((await print()).stdout).actionCode).to.equal(21);
    });
  }

  const wrongTexts: [text: string, what: string][] = [
    ['', 'is empty'],
    ['\n', 'seed expected 64 hexadecimal digits, got 0'],
    [`${OTHER_SEED}\n\n\n`, 'expected at most 66 bytes, got more'],
    [`${OTHER_SEED}\n\n`, 'seed expected 64 hexadecimal digits, got other characters'],
    [` ${OTHER_SEED}`, 'seed expected 64 hexadecimal digits, got other characters'],
    [OTHER_SEED.slice(1), 'seed expected 64 hexadecimal digits, got 63'],
    [`${OTHER_SEED}0`, 'seed expected 64 hexadecimal digits, got 65'],
    [`${OTHER_SEED}${SEED}`, 'expected at most 66 bytes, got more'],
    ['\ufeff'.repeat(20), 'seed expected 64 hexadecimal digits, got other characters'],
  ];
  for (const [text, what] of wrongTexts) {
    it(`is not ${JSON.stringify(text)}, in a file or on standard input`, async () => {
      const file = client.write('wrong.seed', text);
      expect(await print('-k', file)).to.deep.equal(refusal(`${file}: ${what}`));
      expect(await opener(['home', '--print', '-k', '-'], { env: client.env, stdin: text })).to.deep.equal(
        refusal(`standard input: ${what}`),
      );
    });
  }

  it('on standard input is not waited for once it is too long', async () => {
    const stdin = Buffer.alloc(10_000_000, '5');
    expect(await opener(['home', '--print', '-k', '-'], { env: client.env, stdin })).to.deep.equal(
      refusal('standard input: expected at most 66 bytes, got more'),
    );
  });

  it('is read from standard input only for -k -, not for a seed_file of that name', async () => {
    client.write('home.toml', profileText('a', 1).replace('alice.seed', '-'));
    const outcome = await opener(['--profile', 'home.toml', '--print'], {
      env: client.env,
      cwd: client.profiles,
      stdin: SEED,
    });
    expect(outcome.exitCode).to.equal(3);
    expect(outcome.stderr).to.match(/^opener: -: no such file or directory\n/);
  });
});
