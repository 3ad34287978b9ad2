import { expect } from 'chai';
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minute } from '@bouncer-spa/protocol';
import { childStdio } from '@bouncer-spa/bouncer/dist/system/child-stdio.js';
import { ReplayStore } from '@bouncer-spa/bouncer/dist/system/replay-store.js';

describe('A child of a process that has a replay store open', () => {
  let folder: string;
  let store: ReplayStore;
  /** Handed down by whoever started the tests. */
  let foreign: readonly string[];

  before(async () => {
    foreign = (await descriptorsOf(['ignore', 'pipe', 'inherit'])).map(({ target }) => target);
    folder = mkdtempSync(join(tmpdir(), 'bouncer-stdio-'));
    ({ store } = await ReplayStore.open(folder, minute(0), () => undefined));
  });

  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('would inherit the descriptors of its files', async () => {
    const inherited = await descriptorsOf(['ignore', 'pipe', 'inherit']);
    expect(inherited.some(({ target }) => target.startsWith(folder))).to.equal(true);
  });

  it('has the null device in their place', async () => {
    const inherited = await descriptorsOf(childStdio(['ignore', 'pipe', 'inherit']));
    const others = inherited.filter(({ descriptor, target }) => descriptor > 2 && !foreign.includes(target));
    expect(others.filter(({ target }) => target !== '/dev/null')).to.deep.equal([]);
  });

  it('has the descriptors that were meant for it in their places', async () => {
    const stdio = childStdio(['pipe', 'pipe', 'inherit', 'pipe']);
    const inherited = await descriptorsOf(stdio);
    const [input, output, , records] = inherited.map(({ target }) => target.split(':')[0]);
    expect([input, output, records]).to.deep.equal(['socket', 'socket', 'socket']);
    expect(stdio.slice(0, 4)).to.deep.equal(['pipe', 'pipe', 'inherit', 'pipe']);
  });
});

interface Open {
  readonly descriptor: number;
  readonly target: string;
}

/** The open descriptors of a child, in order. */
async function descriptorsOf(stdio: StdioOptions): Promise<Open[]> {
  const list = 'for d in /proc/$$/fd/*; do [ -L "$d" ] && echo "${d##*/} $(readlink "$d")"; done';
  const child = spawn('/bin/sh', ['-c', list], { stdio });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child, 'close');
  return said
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([descriptor, target = '']) => ({ descriptor: Number(descriptor), target }))
    .sort((a, b) => a.descriptor - b.descriptor);
}
