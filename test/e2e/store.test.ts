import { expect } from 'chai';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { minute } from '@bouncer-spa/protocol';
import { ReplayStore } from '@bouncer-spa/bouncer/dist/system/replay-store.js';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { decisionOn, Stage } from '../support/stage.js';
import type { Sender } from '../support/sender.js';
import { forgottenOf, probeStores, recordOf, UNREACHABLE } from '../support/store-probe.js';
import { Tmpfs } from '../support/tmpfs.js';
import { waitFor } from '../support/wait.js';

/** More packets than it takes to fill a page of LevelDB's log. */
const MANY = 200;

describe('The state on disk', () => {
  const stage = new Stage();
  let noted: string;

  beforeEach(function () {
    stage.open(this);
    const { installation } = stage;
    installation.addClient('alice');
    noted = installation.path('noted');
    const script = installation.writeScript('note.sh', `echo "$1" >> "${noted}"`);
    installation.writeConfig(`
[log]
rejects_per_minute = 10000

[actions.note]
code = 21
run = ["${script}", "{argument}"]
argument = "[a-z]+"

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`);
  });

  afterEach(() => stage.close());

  function packet(argument = 'note'): Uint8Array {
    return stage.installation.packet('alice', 21, { argument });
  }

  async function actionOf(argument: string): Promise<void> {
    await waitFor(
      `the action ${argument}`,
      () => stage.installation.read('noted').includes(argument) || undefined,
    );
  }

  describe('that is full', () => {
    let disk: Tmpfs;
    let bouncer: Bouncer;
    let sender: Sender;

    beforeEach(async () => {
      disk = new Tmpfs(stage.installation.path('state'), 256);
      stage.whenClosed(() => {
        disk.unmount();
      });
      bouncer = await stage.bouncer();
      sender = stage.sender();
    });

    /** Sends packets until one cannot be recorded. */
    async function exhaust(): Promise<LogRecord> {
      disk.fill();
      for (let sent = 0; sent < MANY; sent++) {
        const decision = await decisionOn(stage, bouncer, sender, packet('filling'));
        if (decision.decision === 'reject') return decision;
      }
      throw new Error('the disk is not full');
    }

    it("has a packet rejected with the system's reason", async () => {
      const decision = await exhaust();
      expect(decision).to.include({ reason: 'not-recorded', client: 'alice', action: 'note' });
      expect(decision['detail']).to.match(/no space left on device/i);
    });

    it('still gives that reason for the packets after it', async () => {
      await exhaust();
      for (let sent = 0; sent < 3; sent++) {
        const decision = await decisionOn(stage, bouncer, sender, packet());
        expect(decision).to.include({ reason: 'not-recorded' });
        expect(decision['detail']).to.match(/no space left on device/i);
      }
    });

    it('has no action run that is not recorded', async () => {
      await exhaust();
      expect((await decisionOn(stage, bouncer, sender, packet('unrecorded'))).decision).to.equal('reject');
      disk.free();
      await decisionOn(stage, bouncer, sender, packet('afterwards'));
      await actionOf('afterwards');
      expect(stage.installation.read('noted')).to.not.include('unrecorded');
    });

    it('has the next packet accepted as soon as there is space again', async () => {
      await exhaust();
      await decisionOn(stage, bouncer, sender, packet());
      disk.free();
      expect(await decisionOn(stage, bouncer, sender, packet('afterwards'))).to.include({
        decision: 'accept',
      });
      await actionOf('afterwards');
    });

    it('knows after a restart what was accepted before and afterwards', async () => {
      const first = packet();
      const last = packet();
      await decisionOn(stage, bouncer, sender, first);
      await exhaust();
      disk.free();
      await decisionOn(stage, bouncer, sender, last);
      await bouncer.kill();
      bouncer = await stage.bouncer();
      for (const known of [first, last]) {
        expect(await decisionOn(stage, bouncer, sender, known)).to.include({ reason: 'replay' });
      }
    });
  });

  describe('that cannot be used', () => {
    /** Starts the daemon, which must end with one sentence. */
    async function complaint(): Promise<string> {
      const bouncer = stage.spawnBouncer();
      expect(await bouncer.ended).to.equal(1);
      expect(bouncer.complaints).to.match(/^bouncer: [^\n]+\n$/);
      expect(bouncer.records.filter(({ level }) => level < 50)).to.deep.equal([]);
      return bouncer.complaints;
    }

    it('ends the start with a sentence when it is read-only', async () => {
      const disk = new Tmpfs(stage.installation.path('state'), 256);
      stage.whenClosed(() => {
        disk.unmount();
      });
      disk.makeReadOnly();
      expect(await complaint())
        .to.include(stage.installation.path('state'))
        .and.match(/read-only file system/i);
    });

    it('ends the start with a sentence when a store that is there is read-only', async () => {
      const disk = new Tmpfs(stage.installation.path('state'), 256);
      stage.whenClosed(() => {
        disk.unmount();
      });
      await (await stage.bouncer()).stop();
      disk.makeReadOnly();
      expect(await complaint())
        .to.include(stage.installation.path('state'))
        .and.match(/read-only file system/i);
    });

    it('ends the start with a sentence when it is full before anything is in it', async () => {
      const disk = new Tmpfs(stage.installation.path('state'), 256);
      stage.whenClosed(() => {
        disk.unmount();
      });
      disk.fill();
      expect(await complaint())
        .to.include(stage.installation.path('state'))
        .and.match(/no space left on device/i);
    });

    it('ends the start with a sentence when a file is in its place', async () => {
      writeFileSync(stage.installation.path('state'), '');
      expect(await complaint()).to.include(stage.installation.path('state'));
    });

    it('ends the start with a sentence when another daemon uses it, which goes on', async () => {
      const first = await stage.bouncer();
      const folder = stage.installation.path('state/replay');
      expect(await complaint()).to.equal(`bouncer: ${folder}: another bouncer is using it\n`);
      const sender = stage.sender();
      expect(await decisionOn(stage, first, sender, packet('undisturbed'))).to.include({
        decision: 'accept',
      });
      await actionOf('undisturbed');
    });
  });

  it('is made with all folders above it, for nobody else to see', async () => {
    const config = readFileSync(stage.installation.config, 'utf8');
    writeFileSync(stage.installation.config, config.replace('"state"', '"var/lib/state"'));
    await stage.bouncer();
    for (const folder of ['var', 'var/lib', 'var/lib/state', 'var/lib/state/replay']) {
      expect(statSync(stage.installation.path(folder)).mode & 0o777, folder).to.equal(0o700);
    }
  });

  it('is put aside when it is damaged, and what was accepted before is refused', async () => {
    const sender = stage.sender();
    const old = packet();
    const first = await stage.bouncer();
    await decisionOn(stage, first, sender, old);
    await first.kill();
    const replay = stage.installation.path('state/replay');
    for (const name of readdirSync(replay)) {
      if (!IRRELEVANT.includes(name)) writeFileSync(join(replay, name), 'junk');
    }

    const second = await stage.bouncer();
    const aside = second.records.find(({ msg }) => msg.startsWith('the replay cache was damaged'));
    expect(aside?.level).to.equal(50);
    expect(readdirSync(String(aside?.['aside']))).to.not.deep.equal([]);
    expect(await decisionOn(stage, second, sender, old)).to.include({ reason: 'stale' });
  });
});

interface Damage {
  readonly what: string;
  /** In how many places of a file it is done. */
  readonly places: number;
  /** @param place from 0, the beginning of the file, up to less than 1, its end */
  readonly damage: (path: string, place: number) => void;
}

const DAMAGES: readonly Damage[] = [
  { what: 'is missing', places: 1, damage: unlinkSync },
  {
    what: 'is cut off',
    places: 12,
    damage: (path, place) => {
      truncateSync(path, Math.floor(statSync(path).size * place));
    },
  },
  {
    what: 'has one bit turned over',
    // Only a few of them lead LevelDB into an assertion, which would end the process.
    places: 24,
    damage: (path, place) => {
      const bytes = readFileSync(path);
      const at = Math.floor(bytes.length * place);
      bytes.fill((bytes[at] ?? 0) ^ (1 << (at % 8)), at, at + 1);
      writeFileSync(path, bytes);
    },
  },
  {
    what: 'has junk in it',
    places: 12,
    damage: (path, place) => {
      const bytes = readFileSync(path);
      const junk = recordOf(0).tag;
      const at = Math.floor(bytes.length * place);
      bytes.set(junk.subarray(0, bytes.length - at), at);
      writeFileSync(path, bytes);
    },
  },
  {
    what: 'has zeros in it',
    places: 12,
    damage: (path, place) => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0, Math.floor(bytes.length * place)));
    },
  },
  {
    what: 'is followed by junk',
    places: 1,
    damage: (path) => {
      writeFileSync(path, recordOf(0).tag, { flag: 'a' });
    },
  },
];

/** Records of one run of the daemon. */
const A_RUN = 12;

/** LevelDB's own diary and its lock, which say nothing of the records. */
const IRRELEVANT = ['LOG', 'LOG.old', 'LOCK'];

describe('A replay store', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bouncer-damage-'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  for (const runs of [1, 3]) {
    for (const { what, places, damage } of DAMAGES) {
      it(`with records of ${runs} runs opens, and forgets nothing without saying so, whichever file ${what}`, async function () {
        this.timeout(180_000);
        const intact = join(root, 'intact');
        const count = await fill(intact, runs);
        const cases = filesIn(intact).flatMap((file) =>
          Array.from({ length: places }, (_, place) => {
            const folder = join(root, `${basename(file)}-${place}`);
            cpSync(intact, folder, { recursive: true });
            damage(join(folder, file), place / places);
            return { name: `${file} at ${place}/${places}`, folder };
          }),
        );
        const findings = await probeStores(cases.map(({ folder }) => folder));
        const wrong = findings.flatMap((finding, index) => {
          const name = cases[index]?.name ?? '';
          if ('fault' in finding) return [`${name}: ${finding.fault}`];
          const { length } = forgottenOf(finding, count);
          return length === 0 ? [] : [`${name}: ${length} of ${count} are forgotten`];
        });
        // A few examples will do.
        expect(wrong.slice(0, 4), `${wrong.length} of ${cases.length}`).to.deep.equal([]);
      });
    }
  }

  /** Makes a store with records from several runs of the daemon. @returns how many */
  async function fill(folder: string, runs: number): Promise<number> {
    for (let run = 0; run < runs; run++) {
      const { store } = await ReplayStore.open(folder, minute(UNREACHABLE), () => undefined);
      for (let number = 0; number < A_RUN; number++) await store.record(recordOf(run * A_RUN + number));
      await store.close();
    }
    return runs * A_RUN;
  }

  /** The files of a store that matter, with their paths inside the folder. */
  function filesIn(folder: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (path) => statSync(join(folder, path)).isFile() && !IRRELEVANT.includes(basename(path)),
    );
  }
});
