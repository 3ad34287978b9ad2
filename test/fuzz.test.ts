import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { repositoryPath } from './support/paths.js';

/** Inputs for each reader: half a minute in all. Hours are had by `npm run fuzz`. */
const INPUTS = 30_000;

describe('Whatever strangers write', () => {
  it('breaks no reader of frames, packets, records, capture files, configs, bundles and answers of a store', function () {
    this.timeout(240_000);
    const argv = [repositoryPath('build/tools/fuzz/main.js'), '--inputs', String(INPUTS)];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect(stderr, stdout).to.equal('');
    expect(status).to.equal(0);
    const lines = Array.from(stdout.matchAll(/^([\w-]+): (\d+) inputs, (\d+) places reached/gm));
    expect(lines.map(([, name]) => name)).to.have.length(7);
    for (const [line, , inputs, places] of lines) {
      expect(Number(inputs), line).to.be.at.least(INPUTS);
      expect(Number(places), line).to.be.above(100);
    }
  });
});
