import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveClientKeys, seed, serverId, type Seed } from '@bouncer-spa/protocol';
import { KEY_SIZE } from '@bouncer-spa/bouncer/dist/core/locator-pairs.js';
import { KeyThread, MANY_CLIENTS } from '@bouncer-spa/bouncer/dist/system/keys-ahead.js';
import { expect } from 'chai';

const ID = serverId('gw.example.net');
const CLIENTS = MANY_CLIENTS;

/** Milliseconds between two looks at what the thread has done. */
const PAUSE = 20;

describe('The thread that derives keys ahead', function () {
  this.timeout(60_000);
  const seeds = Array.from({ length: CLIENTS }, () => seed(randomBytes(32)));

  function started(added: readonly Seed[], program?: URL): KeyThread {
    const thread = new KeyThread(CLIENTS, ID, program);
    for (const each of added) thread.add(each);
    return thread;
  }

  /** Takes what there is again and again. @returns the first key that is not there, at the end */
  async function taken(thread: KeyThread, target: Uint8Array, enough: number): Promise<number> {
    let next = 0;
    for (let tries = 0; next < enough && tries < 1_000; tries++) {
      next = thread.take(target, next);
      await sleep(PAUSE);
    }
    return next;
  }

  it('derives K_locator of each client, in their order', async () => {
    const thread = started(seeds);
    thread.finish();
    const keys = Buffer.alloc(KEY_SIZE * CLIENTS);
    expect(await taken(thread, keys, CLIENTS)).to.equal(CLIENTS);
    const expected = Buffer.concat(seeds.map((each) => deriveClientKeys(each, ID).locator));
    expect(keys.equals(expected)).to.equal(true);
  });

  it('begins before all seeds are there', async () => {
    const half = seeds.slice(0, CLIENTS / 2);
    const thread = started(half);
    const keys = Buffer.alloc(KEY_SIZE * CLIENTS);
    expect(await taken(thread, keys, 1)).to.be.within(1, half.length);
    for (const each of seeds.slice(half.length)) thread.add(each);
    thread.finish();
    expect(await taken(thread, keys, CLIENTS)).to.equal(CLIENTS);
  });

  it('has nothing any more when it is released', async () => {
    const thread = started(seeds);
    thread.finish();
    expect(await taken(thread, Buffer.alloc(KEY_SIZE * CLIENTS), CLIENTS)).to.equal(CLIENTS);
    thread.release();
    expect(thread.take(Buffer.alloc(KEY_SIZE * CLIENTS), 0)).to.equal(0);
  });

  it('derives nothing if it cannot be started, and nobody has to know', async () => {
    const thread = started(seeds, new URL('file:///nowhere/thread.js'));
    thread.finish();
    await sleep(10 * PAUSE);
    expect(thread.take(Buffer.alloc(KEY_SIZE * CLIENTS), 0)).to.equal(0);
  });
});
