import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { OPENER_SH, repositoryPath } from './support/paths.js';

interface PositiveCase {
  readonly name: string;
  readonly input: {
    readonly serverId: string;
    readonly gateKey: string;
    readonly seed: string;
    readonly actionCode: number;
    readonly durationSeconds: number;
    readonly address: string;
    readonly argument: string;
    readonly timeMs: number;
    readonly iv: string;
    readonly blocks: number;
  };
  readonly packet: string;
}

const { cases } = JSON.parse(readFileSync(repositoryPath('test/vectors/positive.json'), 'utf8')) as {
  cases: readonly PositiveCase[];
};

/** What all shells are tried with; the others differ in nothing that depends on the shell. */
const TELLING = ['base', 'minute-beyond-u32', 'address-ipv6', 'argument-utf8-64', 'largest', 'server-id-64'];

describe('opener.sh seals the positive vectors byte for byte', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'opener-sh-'));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [shell, tried] of [
    [['dash'], cases],
    [['bash'], cases.filter(({ name }) => TELLING.includes(name))],
    [['busybox', 'ash'], cases.filter(({ name }) => TELLING.includes(name))],
  ] as const) {
    for (const { name, input, packet } of tried) {
      it(`under ${shell.join(' ')}: ${name}`, () => {
        expect(sealed(shell, input)).to.equal(packet);
      });
    }
  }

  /** Runs all of the script but for its clock and its random numbers. @returns the packet in hexadecimal */
  function sealed(shell: readonly string[], input: PositiveCase['input']): string {
    const fixed = `clock() { time=${input.timeMs}; }\nchoose() { iv=${input.iv} blocks=${input.blocks}; }\n`;
    const script = join(folder, 'fixed.sh');
    writeFileSync(script, readFileSync(OPENER_SH, 'utf8').replace(/(?=main "\$@"\n$)/, fixed));
    const profile = join(folder, 'profile.toml');
    const secrets = `gate_key = "${input.gateKey}"\nseed = "${input.seed}"\n`;
    writeFileSync(profile, `host = "${input.serverId}"\nport = 51324\n${secrets}`, { mode: 0o600 });

    const [program = '', ...words] = shell;
    const duration = input.durationSeconds === 0 ? [] : ['--for', String(input.durationSeconds)];
    const address = input.address === '' ? [] : ['--allow', input.address];
    const options = ['--print', '-f', String(input.actionCode), `--arg=${input.argument}`];
    const { stdout, stderr } = spawnSync(
      program,
      [...words, script, '--profile', profile, ...options, ...duration, ...address],
      { encoding: 'utf8' },
    );
    expect(stderr).to.equal('');
    return Buffer.from(stdout, 'base64').toString('hex');
  }
});
