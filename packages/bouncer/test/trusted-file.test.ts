import { expect } from 'chai';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveWay } from '@bouncer-spa/bouncer/dist/system/slices.js';
import { readTrustedFile } from '@bouncer-spa/bouncer/dist/system/trusted-file.js';

describe('A file that the daemon relies on', () => {
  it('has its folder looked at again after a while, whatever else takes its turns meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bouncer-trusted-'));
    try {
      const file = join(folder, 'alice.seed');
      writeFileSync(file, 'secret', { mode: 0o600 });
      expect(await readTrustedFile(file, 'secret', 100)).to.equal('secret');
      const end = performance.now() + 50;
      while (performance.now() < end) await giveWay();
      chmodSync(folder, 0o777);
      const refusal = `is below ${folder}, which others can write to: chmod go-w ${folder}`;
      expect(await readTrustedFile(file, 'secret', 100)).to.deep.equal({ refusal });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
