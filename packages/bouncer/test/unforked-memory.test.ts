import { readFileSync } from 'node:fs';
import { unforkedMemory } from '@bouncer-spa/bouncer/dist/core/unforked-memory.js';
import { expect } from 'chai';

const MEGABYTE = 1024 * 1024;

/** Bytes of this process that a fork would copy: `dc` marks what it would not (proc(5)). */
function forkedBytes(): number {
  const mappings = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return mappings
    .filter((mapping) => !/^VmFlags:.* dc\b/m.test(mapping))
    .map((mapping) => 1024 * Number(/^Anonymous:\s+(\d+) kB/m.exec(mapping)?.[1] ?? 0))
    .reduce((sum, bytes) => sum + bytes, 0);
}

describe('Memory that is not copied when a process is started', () => {
  it('is left out by the kernel, where other buffers are not', () => {
    const before = forkedBytes();
    const unforked = new Uint8Array(unforkedMemory(64 * MEGABYTE)).fill(1);
    const between = forkedBytes();
    const other = new Uint8Array(64 * MEGABYTE).fill(1);
    const after = forkedBytes();
    expect(unforked.length).to.equal(other.length);
    expect(between - before).to.be.lessThan(32 * MEGABYTE);
    expect(after - between).to.be.greaterThan(32 * MEGABYTE);
  });
});
