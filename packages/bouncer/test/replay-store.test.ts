import { expect } from 'chai';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minute, type Minute } from '@bouncer-spa/protocol';
import type { ReplayContent, ReplayRecord } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import { ReplayStore, StoreError } from '@bouncer-spa/bouncer/dist/system/replay-store.js';

/** A minute later than any that these tests accept. */
const UNREACHABLE = minute(5_000);

describe('The replay store', () => {
  let root: string;
  let stateFolder: string;
  const stores: ReplayStore[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bouncer-store-'));
    stateFolder = join(root, 'state');
  });

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close().catch(() => undefined);
    rmSync(root, { recursive: true });
  });

  interface Opened {
    readonly store: ReplayStore;
    readonly content: ReplayContent;
    /** Where damaged stores were put. */
    readonly aside: string[];
  }

  async function open(folder = stateFolder): Promise<Opened> {
    const aside: string[] = [];
    const { store, content } = await ReplayStore.open(folder, UNREACHABLE, (path) => aside.push(path));
    stores.push(store);
    return { store, content, aside };
  }

  async function refusal(folder = stateFolder): Promise<StoreError> {
    try {
      await open(folder);
    } catch (error) {
      if (error instanceof StoreError) return error;
      throw error;
    }
    throw new Error('the store was opened');
  }

  describe('that is closed and opened again', () => {
    it('knows every record and the floor', async () => {
      const { store, content } = await open();
      expect(listed(content)).to.deep.equal({ floor: 0, tags: [] });
      for (let number = 0; number < 5; number++) await store.record(record(number, 1_000 + number, 996));
      await store.close();
      const tags = [0, 1, 2, 3, 4].map((number) => `${1_000 + number} ${hex(tagOf(number))}`);
      expect(listed((await open()).content)).to.deep.equal({ floor: 996, tags });
    });

    it('knows them also after a crash', async () => {
      const { store } = await open();
      for (let number = 0; number < 5; number++) await store.record(record(number, 1_000, 996));
      const { content, aside } = await open(copyOf(stateFolder));
      expect(listed(content).tags).to.have.length(5);
      expect(content.floor).to.equal(996);
      expect(aside).to.deep.equal([]);
    });

    it('knows all that was recorded before when a crash cuts a record off', async () => {
      const { store } = await open();
      for (let number = 0; number < 5; number++) await store.record(record(number, 1_000, 996));
      const crashed = copyOf(stateFolder);
      const log = readdirSync(join(crashed, 'replay')).find((name) => name.endsWith('.log')) ?? '';
      const { size } = statSync(join(crashed, 'replay', log));
      await store.record(record(5, 1_000, 996));
      cpSync(join(stateFolder, 'replay', log), join(crashed, 'replay', log));
      truncateSync(join(crashed, 'replay', log), size + 20);

      const { content, aside } = await open(crashed);
      expect(listed(content).tags).to.have.length(5);
      expect(aside).to.deep.equal([]);
    });

    it('has forgotten what lies below the floor', async () => {
      const { store } = await open();
      await store.record(record(1, 1_000, 996));
      await store.record(record(2, 1_010, 1_006));
      await store.close();
      expect(listed((await open()).content)).to.deep.equal({
        floor: 1_006,
        tags: [`1010 ${hex(tagOf(2))}`],
      });
    });

    it('has the largest of the floors that were recorded at the same time', async () => {
      const { store } = await open();
      const records = Array.from({ length: 100 }, (_, number) =>
        record(number, 1_000 + number, 996 + number),
      );
      await Promise.all(records.map((one) => store.record(one)));
      await store.close();
      expect((await open()).content.floor).to.equal(996 + 99);
    });

    it('knows all of many records made at the same time', async () => {
      const { store } = await open();
      const records = Array.from({ length: 500 }, (_, number) => record(number, 1_000, 996));
      await Promise.all(records.map((one) => store.record(one)));
      await store.close();
      expect(listed((await open()).content).tags).to.have.length(500);
    });
  });

  describe('in its folder', () => {
    it('makes what is missing, for nobody else to see', async () => {
      const umask = process.umask(0);
      try {
        await open(join(root, 'a', 'b'));
      } finally {
        process.umask(umask);
      }
      for (const made of ['a', 'a/b', 'a/b/replay']) {
        expect(statSync(join(root, made)).mode & 0o777, made).to.equal(0o700);
      }
    });

    it('leaves a folder that is there as it is', async () => {
      mkdirSync(stateFolder);
      chmodSync(stateFolder, 0o750);
      await open();
      expect(statSync(stateFolder).mode & 0o777).to.equal(0o750);
    });

    it('refuses a second opening, and the first goes on', async () => {
      const { store } = await open();
      const { message } = await refusal();
      expect(message).to.equal(`${stateFolder}/replay: another bouncer is using it`);
      await store.record(record(1, 1_000, 996));
      await store.close();
      expect(listed((await open()).content).tags).to.have.length(1);
    });

    it('refuses a file in the place of the folder', async () => {
      writeFileSync(stateFolder, '');
      const { message } = await refusal();
      expect(message).to.include(stateFolder).and.not.include('\n');
    });

    it('refuses a file in the place of the store', async () => {
      mkdirSync(stateFolder);
      writeFileSync(join(stateFolder, 'replay'), '');
      const { message } = await refusal();
      expect(message).to.include(`${stateFolder}/replay`).and.not.include('\n');
    });
  });

  describe('that was damaged', () => {
    it('is put aside as it is, and nothing is accepted until its window is over', async () => {
      await makeDamaged();
      const { store, content, aside } = await open();
      expect(listed(content)).to.deep.equal({ floor: UNREACHABLE, tags: [] });
      expect(aside).to.have.length(1);
      expect(readFileSync(join(aside[0] ?? '', 'CURRENT'), 'utf8')).to.equal('junk');
      await store.close();
      expect((await open()).content.floor).to.equal(UNREACHABLE);
    });

    const manifestOf = (folder: string): string => {
      const name = readdirSync(folder).find((file) => file.startsWith('MANIFEST'));
      if (name === undefined) throw new Error('no manifest');
      return join(folder, name);
    };
    for (const [what, damage] of [
      [
        'CURRENT is missing',
        (folder: string) => {
          rmSync(join(folder, 'CURRENT'));
        },
      ],
      [
        'its manifest is missing',
        (folder: string) => {
          rmSync(manifestOf(folder));
        },
      ],
      [
        'its manifest is empty',
        (folder: string) => {
          truncateSync(manifestOf(folder));
        },
      ],
      [
        'all its files are missing',
        (folder: string) => {
          rmSync(folder, { recursive: true });
          mkdirSync(folder);
        },
      ],
    ] as const) {
      it(`is put aside when ${what}`, async () => {
        const first = await open();
        for (const number of [1, 2, 3, 4]) await first.store.record(record(number, 1_000, 996));
        // As a crash leaves it: LevelDB would tidy up at the next opening.
        const copy = copyOf(stateFolder);
        damage(join(copy, 'replay'));
        const { content, aside } = await open(copy);
        expect(listed(content)).to.deep.equal({ floor: UNREACHABLE, tags: [] });
        expect(aside).to.have.length(1);
      });
    }

    it('and was being replaced when a crash came has the successor that was complete', async () => {
      await makeDamaged();
      const { store } = await open();
      await store.close();
      // Between the two renames: the damaged one is aside, the new one not yet in place.
      renameSync(join(stateFolder, 'replay'), join(stateFolder, 'replay.new'));
      expect((await open()).content.floor).to.equal(UNREACHABLE);
    });

    it('has a successor that records', async () => {
      await makeDamaged();
      const { store } = await open();
      await store.record(record(99, UNREACHABLE, UNREACHABLE));
      await store.close();
      const { content, aside } = await open();
      expect(listed(content).tags).to.deep.equal([`${UNREACHABLE} ${hex(tagOf(99))}`]);
      expect(aside).to.deep.equal([]);
    });

    it('has a successor that nobody else can see', async () => {
      await makeDamaged();
      const umask = process.umask(0);
      try {
        await open();
      } finally {
        process.umask(umask);
      }
      expect(statSync(join(stateFolder, 'replay')).mode & 0o777).to.equal(0o700);
    });
  });

  /** Makes a store that LevelDB cannot open any more. */
  async function makeDamaged(): Promise<void> {
    const { store } = await open();
    await store.record(record(1, 1_000, 996));
    await store.close();
    writeFileSync(join(stateFolder, 'replay', 'CURRENT'), 'junk');
  }

  function copyOf(folder: string): string {
    const copy = mkdtempSync(join(root, 'copy-'));
    cpSync(folder, copy, { recursive: true });
    return copy;
  }
});

function tagOf(number: number): Uint8Array {
  return createHash('sha256').update(String(number)).digest();
}

function record(number: number, at: number, floor: number): ReplayRecord {
  return { minute: minute(at), tag: tagOf(number), floor: minute(floor) };
}

function listed({ floor, tags }: ReplayContent): { floor: Minute; tags: string[] } {
  return { floor, tags: Array.from(tags, ({ minute: at, tag }) => `${at} ${hex(tag)}`) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
