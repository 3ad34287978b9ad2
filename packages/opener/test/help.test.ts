import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EXIT_CODE } from '@bouncer-spa/opener/dist/cli/exit-code.js';
import { HELP } from '@bouncer-spa/opener/dist/cli/help.js';
import { parseCommandLine } from '@bouncer-spa/opener/dist/cli/options.js';
import { expect } from 'chai';
import { opener } from './support/opener-process.js';

describe('help', function () {
  this.timeout(20_000);

  for (const args of [['-h'], ['--help'], ['home', '-h'], ['keygen', '--help']]) {
    it(`is printed for ${args.join(' ')}`, async () => {
      expect(await opener(args)).to.deep.equal({ exitCode: 0, stdout: HELP, stderr: '' });
    });
  }

  it('leaves room for the prompt on a screen of 24 lines and 80 columns', () => {
    const lines = HELP.slice(0, -1).split('\n');
    expect(lines.length).to.be.at.most(23);
    for (const line of lines) expect(line.length, line).to.be.at.most(80);
  });

  it('ends in lines that can be copied', async () => {
    const lines = HELP.trimEnd().split('\n').slice(-3);
    for (const line of lines) {
      const [command, ...args] = line.trim().split(' ');
      expect(command).to.equal('opener');
      expect((await parseCommandLine(args)).kind).to.equal('send');
    }
  });

  it('names every option', () => {
    const options =
      '-d --destination -p --port -f --action -k --key --profile -4 --ipv4 -6 --ipv6 --allow --for --arg --print --wait --no-wait --source --source-port --ttl';
    for (const option of `${options} -v --verbose -h --help -V --version keygen list doctor proxy completion`.split(
      ' ',
    )) {
      expect(HELP.split(/[\s,;[\]]+/)).to.include(option);
    }
  });

  it('names every exit code', () => {
    const named = (HELP.split('exit codes:')[1] ?? '').match(/(?<!\d)\d+(?= [a-z])/g)?.map(Number);
    const codes: number[] = Object.values(EXIT_CODE);
    expect(named?.filter((code) => codes.includes(code))).to.deep.equal(codes.sort((a, b) => a - b));
  });
});

describe('the version', function () {
  this.timeout(20_000);

  for (const option of ['-V', '--version']) {
    it(`is printed for ${option}, as package.json has it`, async () => {
      const manifest = fileURLToPath(import.meta.resolve('@bouncer-spa/opener/package.json'));
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
      expect(await opener([option])).to.deep.equal({
        exitCode: 0,
        stdout: `opener ${version}\n`,
        stderr: '',
      });
    });
  }
});
