/**
 * Opens each replay store whose folder it is told on standard input, one a line, and answers with a line
 * of JSON what it knows. In a process of its own, since what reads a damaged store may end with it.
 */
import { createInterface } from 'node:readline';
import { minute } from '@bouncer-spa/protocol';
import { ReplayStore } from '@bouncer-spa/bouncer/dist/system/replay-store.js';
import { recordOf, UNREACHABLE, type Finding } from './store-probe.js';

for await (const folder of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await look(folder)));
}

async function look(folder: string): Promise<Finding> {
  try {
    const { store, content } = await ReplayStore.open(folder, minute(UNREACHABLE), () => undefined);
    const known = Array.from(content.tags, ({ minute: at, tag }) => `${at} ${hex(tag)}`);
    // A store that opens has to work.
    await store.record({ ...recordOf(0), minute: minute(UNREACHABLE), floor: minute(UNREACHABLE) });
    await store.close();
    return { floor: content.floor, known };
  } catch (error) {
    return { fault: String(error) };
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
