import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  minute,
  seed,
  serverId,
} from '@bouncer-spa/protocol';
import type { Door } from '@bouncer-spa/bouncer/dist/core/door.js';
import type { Grant } from '@bouncer-spa/bouncer/dist/core/grants.js';
import { later } from '@bouncer-spa/bouncer/dist/core/moment.js';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import type { ReplayRecord } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import { momentNow } from '@bouncer-spa/bouncer/dist/system/clock.js';
import type { Admission, GrantRequest } from '@bouncer-spa/bouncer/dist/system/grant-admission.js';
import type { GrantEvents } from '@bouncer-spa/bouncer/dist/system/grant-events.js';
import { GrantKeeper, type GrantKeeperParts } from '@bouncer-spa/bouncer/dist/system/grant-keeper.js';
import { ReplayStore, StoreError } from '@bouncer-spa/bouncer/dist/system/replay-store.js';
import { FakeDoorkeeper } from './fake-doorkeeper.js';

const ID = serverId('gate.example.org');
const SSH: Door = { kind: 'ports', ports: [{ transport: 'tcp', first: 22, last: 22 }] };
const WEB: Door = {
  kind: 'ports',
  ports: [
    { transport: 'tcp', first: 22, last: 22 },
    { transport: 'tcp', first: 443, last: 443 },
  ],
};
const SET: Door = { kind: 'sets', sets: [{ family: 'inet', table: 'filter', set: 'mine' }] };

/** Milliseconds for what is waited for. */
const PATIENCE = 10_000;

describe('The keeper of grants', () => {
  let folder: string;
  let doors: FakeDoorkeeper;
  let store: ReplayStore;
  let keeper: GrantKeeper;
  let events: string[];
  let packets = 0;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-grants-'));
    doors = new FakeDoorkeeper();
    events = [];
    await start();
  });

  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  async function start(
    policy = policyOf('alice', 'bob'),
    faults: Partial<GrantKeeperParts['store']> = {},
  ): Promise<void> {
    const { store: opened, content } = await ReplayStore.open(folder, minute(5_000), () => undefined);
    store = opened;
    keeper = await GrantKeeper.start(
      {
        store: {
          record: (replay, changes) => opened.record(replay, changes),
          change: (changes) => opened.change(changes),
          ...faults,
        },
        stateFolder: folder,
        doorkeeper: doors,
        events: recorder(),
        mostRunning: 16,
      },
      content,
      policy,
    );
  }

  async function stop(): Promise<void> {
    await keeper.stop();
    await store.close();
  }

  function recorder(): GrantEvents {
    const note =
      (what: string) =>
      (grant: Grant | string, detail: unknown): void => {
        const name = typeof grant === 'string' ? grant : `${grant.client} ${grant.action}`;
        events.push(`${what} ${name}${typeof detail === 'string' ? ` ${detail}` : ''}`);
      };
    return {
      found: note('found'),
      adopted: (grant) => {
        note('adopted')(grant, undefined);
      },
      ended: note('ended'),
      stopEnded: note('stop of'),
      doorFailed: note('failed'),
      doorMended: (grant) => {
        note('mended')(grant, undefined);
      },
      notRecorded: (reason) => {
        events.push(`not recorded ${reason}`);
      },
      left: (grants) => {
        for (const grant of grants) note('left')(grant, undefined);
      },
    };
  }

  /** A packet's record; each packet has its own. */
  function record(): ReplayRecord {
    const tag = createHash('sha256').update(String(++packets)).digest();
    return { minute: minute(1_000), tag, floor: minute(1_000) };
  }

  async function admit(change: Asking = {}): Promise<Admission | undefined> {
    const { client = 'alice', action = 'ssh', address = 1, door = SSH, seconds = 60, most = 16 } = change;
    const request: GrantRequest = {
      purpose: { client, action, address: addressOf(address), argument: '' },
      means: { kind: 'open', door },
      seconds,
      most,
    };
    return keeper.admit(request, record());
  }

  async function open(change: Asking = {}): Promise<Admission> {
    const admission = await admit(change);
    if (admission === undefined) throw new Error('too many grants');
    await keeper.open(admission.grant);
    return admission;
  }

  function ids(): string[] {
    return keeper
      .list()
      .map(({ id }) => id)
      .sort();
  }

  it('opens the doors of a grant and lists it', async () => {
    const { grant, extended } = await open({ door: WEB });
    expect(extended).to.equal(false);
    expect(doors.done).to.deep.equal(['open tcp/22,tcp/443 192.0.2.1']);
    expect(doors.state).to.deep.equal({ 'tcp/22 192.0.2.1': 60, 'tcp/443 192.0.2.1': 60 });
    expect(keeper.list()).to.deep.equal([
      {
        id: grant.id,
        client: 'alice',
        action: 'ssh',
        address: '192.0.2.1',
        argument: '',
        kind: 'open',
        seconds: 60,
        state: 'open',
        failure: undefined,
      },
    ]);
  });

  it('extends a grant, never makes it shorter, and never has two of it', async () => {
    const { grant } = await open({ seconds: 60 });
    expect(await open({ seconds: 90 })).to.deep.include({ extended: true });
    expect(doors.state).to.deep.equal({ 'tcp/22 192.0.2.1': 90 });
    expect(await open({ seconds: 10 })).to.deep.include({ extended: true });
    expect(doors.state).to.deep.equal({ 'tcp/22 192.0.2.1': 90 });
    expect(ids()).to.deep.equal([grant.id]);
  });

  it('takes up what another gateway has begun or extended, and never makes that shorter', async () => {
    const told = (seconds: number): Grant => {
      const now = momentNow();
      const purpose = { client: 'alice', action: 'ssh', address: addressOf(7), argument: '' };
      const means = { kind: 'open', door: SSH } as const;
      return { ...purpose, id: 'c0ffee00', means, began: now, end: later(now, seconds * 1_000) };
    };
    const isLive = (): boolean => true;
    await keeper.adopt([told(60)], () => false);
    expect(ids()).to.deep.equal([]);
    await keeper.adopt([told(60)], isLive);
    await keeper.adopt([told(90)], isLive);
    await keeper.adopt([told(30), { ...told(600), client: 'bob' }], isLive);
    expect(doors.state).to.deep.equal({ 'tcp/22 192.0.2.7': 90 });
    expect(events).to.deep.equal(['adopted alice ssh', 'adopted alice ssh']);
    await stop();
    await start();
    expect(ids()).to.deep.equal(['c0ffee00']);
    await keeper.end([
      { id: 'c0ffee00', client: 'bob' },
      { id: '00000000', client: 'alice' },
    ]);
    expect(keeper.list()).to.have.length(1).and.nested.property('[0].state', 'open');
    await keeper.end([{ id: 'c0ffee00', client: 'alice' }]);
    await waitUntil(() => Object.keys(doors.state).length === 0);
  });

  it('tells of each grant that is revoked, as it was, and of no other', async () => {
    const told: Grant[] = [];
    keeper.whenRevoked((grant) => told.push(grant));
    const { grant } = await open();
    const { grant: other } = await open({ client: 'bob' });
    await keeper.follow(policyOf('alice'));
    expect(ids()).to.not.include(other.id);
    await keeper.revoke('all');
    expect(told).to.deep.equal([grant]);
  });

  it('makes one grant of two packets that come at the same time', async () => {
    const admissions = await Promise.all([admit(), admit()]);
    expect(admissions.map((admission) => admission?.extended)).to.deep.equal([false, true]);
    expect(ids()).to.have.length(1);
  });

  it('keeps a door open for who still holds a grant of it when another is revoked', async () => {
    await open({ client: 'alice', seconds: 100 });
    await open({ client: 'bob', seconds: 40 });
    expect(doors.state).to.deep.equal({ 'tcp/22 192.0.2.1': 100 });
    const [revoked] = await keeper.revoke({ client: 'alice' });
    expect(revoked).to.deep.include({ client: 'alice', state: 'closed', seconds: 0 });
    expect(doors.state).to.deep.equal({ 'tcp/22 192.0.2.1': 40 });
    await keeper.revoke({ client: 'bob' });
    expect(doors.state).to.deep.equal({});
    expect(events).to.deep.equal(['ended alice ssh revoked', 'ended bob ssh revoked']);
  });

  it('revokes by id, address and client, or all, and nothing else', async () => {
    const { grant } = await open({ address: 1 });
    await open({ address: 2 });
    await open({ address: 3 });
    await open({ client: 'bob', address: 3 });
    await open({ client: 'bob', address: 4 });
    await open({ client: 'bob', address: 5 });
    const count = async (target: Parameters<GrantKeeper['revoke']>[0]): Promise<number> =>
      (await keeper.revoke(target)).length;
    expect(await count({ id: 'ffffffff' })).to.equal(0);
    expect(await count({ id: grant.id })).to.equal(1);
    expect(await count({ address: addressOf(3) })).to.equal(2);
    expect(await count({ client: 'alice' })).to.equal(1);
    expect(Object.keys(doors.state).sort()).to.deep.equal(['tcp/22 192.0.2.4', 'tcp/22 192.0.2.5']);
    expect(await count('all')).to.equal(2);
    expect(doors.state).to.deep.equal({});
    expect(keeper.list()).to.deep.equal([]);
  });

  it('revokes by a name what has it: a grant, or else an address, or else a client', async () => {
    const policy = policyOf('alice', 'c0ffee00', '192.0.2.9');
    await keeper.follow(policy);
    const { grant } = await open({ address: 1 });
    await open({ client: 'c0ffee00', address: 2 });
    await open({ client: '192.0.2.9', address: 3 });
    const revoked = async (name: string): Promise<string[]> =>
      (await keeper.revoke({ name })).map(({ client, address }) => `${client} ${address}`);
    expect(await revoked('deadbeef')).to.deep.equal([]);
    expect(await revoked('c0ffee00')).to.deep.equal(['c0ffee00 192.0.2.2']);
    expect(await revoked('192.0.2.9')).to.deep.equal(['192.0.2.9 192.0.2.3']);
    expect(await revoked(grant.id)).to.deep.equal(['alice 192.0.2.1']);
    await open({ client: '192.0.2.9', address: 3 });
    await open({ address: 9 });
    expect(await revoked('192.0.2.9')).to.deep.equal(['alice 192.0.2.9']);
    await open({ client: grant.id, address: 2 });
    expect(await revoked(grant.id)).to.deep.equal([`${grant.id} 192.0.2.2`]);
  });

  it('ends a grant when it is due, without the firewall: the kernel does that', async () => {
    await open({ seconds: 1 });
    await open({ client: 'bob', seconds: 60 });
    await waitUntil(() => keeper.list().length === 1);
    expect(events).to.deep.equal(['ended alice ssh expired']);
    expect(doors.done.filter((what) => what.startsWith('close'))).to.deep.equal([]);
  });

  it('counts the live grants of a client alone', async () => {
    await open({ address: 1, most: 2 });
    await open({ address: 2, most: 2, seconds: 1 });
    expect(await admit({ address: 3, most: 2 })).to.equal(undefined);
    expect(await admit({ address: 1, most: 2 })).to.deep.include({ extended: true });
    expect(await admit({ client: 'bob', address: 3, most: 2 })).to.deep.include({ extended: false });
    await waitUntil(() => keeper.list().length === 2);
    expect(await admit({ address: 3, most: 2 })).to.deep.include({ extended: false });
  });

  it('knows its grants again after a restart, with the time that is left', async () => {
    const { grant } = await open({ seconds: 60 });
    await open({ address: 2, seconds: 1 });
    await stop();
    await sleep(1_100);
    await start();
    expect(ids()).to.deep.equal([grant.id]);
    expect(keeper.list()[0]?.seconds).to.be.within(50, 59);
  });

  it('leaves open doors alone at a restart, and opens what the kernel has lost', async () => {
    await open({ seconds: 60 });
    await open({ address: 2, seconds: 60 });
    await open({ door: SET, action: 'vpn', seconds: 60 });
    await stop();
    doors.done.length = 0;
    await start();
    // What is in a set of somebody else cannot be known.
    expect(doors.done).to.deep.equal(['open inet filter mine 192.0.2.1']);
    await stop();
    doors.flush();
    await start();
    expect(Object.keys(doors.state).sort()).to.deep.equal([
      'inet filter mine 192.0.2.1',
      'tcp/22 192.0.2.1',
      'tcp/22 192.0.2.2',
    ]);
  });

  it('closes at a restart what no grant stands for', async () => {
    await open();
    await stop();
    await doors.open(SSH, addressOf(7), 1_000);
    await start();
    expect(Object.keys(doors.state)).to.deep.equal(['tcp/22 192.0.2.1']);
  });

  it('has the kernel and itself agree about the end at a restart', async () => {
    await open({ seconds: 60 });
    await stop();
    await doors.open(SSH, addressOf(1), 1_000);
    await start();
    // Less what the restart took.
    expect(doors.state['tcp/22 192.0.2.1']).to.be.within(40, 60);
  });

  it('does not take up what was revoked, even if it could not be closed', async () => {
    await open();
    doors.complaint = 'nft is missing';
    const [revoked] = await keeper.revoke('all');
    expect(revoked).to.deep.include({ state: 'failing', failure: 'nft is missing' });
    await stop();
    doors.complaint = undefined;
    await start();
    expect(doors.state).to.deep.equal({});
    await waitUntil(() => keeper.list().length === 0);
  });

  it('closes what was revoked as soon as the firewall lets it', async () => {
    await open();
    doors.complaint = 'nft is missing';
    await keeper.revoke('all');
    doors.complaint = undefined;
    await waitUntil(() => keeper.list().length === 0);
    expect(doors.state).to.deep.equal({});
    expect(events).to.deep.equal([
      'failed alice ssh nft is missing',
      'mended alice ssh',
      'ended alice ssh revoked',
    ]);
  });

  it('opens a grant as soon as the firewall lets it, if that is in time', async () => {
    doors.complaint = 'no such set';
    await open({ seconds: 60 });
    await open({ address: 2, seconds: 1 });
    expect(keeper.list().map(({ state }) => state)).to.deep.equal(['failing', 'failing']);
    await waitUntil(() => keeper.list().length === 1);
    doors.complaint = undefined;
    await waitUntil(() => keeper.list()[0]?.state === 'open');
    expect(Object.keys(doors.state)).to.deep.equal(['tcp/22 192.0.2.1']);
  });

  it('ends at once what the policy has no client or action for, and nothing else', async () => {
    await open({ client: 'alice', action: 'ssh', address: 1 });
    await open({ client: 'alice', action: 'vpn', address: 2 });
    await open({ client: 'bob', action: 'ssh', address: 3 });
    await keeper.follow(policyOf('alice', 'bob'));
    expect(events).to.deep.equal([]);
    await keeper.follow(policyOf('alice'));
    await waitUntil(() => keeper.list().length === 2);
    await keeper.follow({ ...policyOf('alice'), actions: [] });
    await waitUntil(() => keeper.list().length === 0);
    expect(events).to.deep.equal(['ended bob ssh gone', 'ended alice ssh gone', 'ended alice vpn gone']);
    expect(doors.state).to.deep.equal({});
  });

  it('has no grant of a packet that could not be recorded, now or later', async () => {
    const full = () => Promise.reject(new StoreError('no space left'));
    await stop();
    await start(undefined, { record: full });
    let fault: unknown;
    await admit().catch((error: unknown) => {
      fault = error;
    });
    expect(fault).to.be.instanceOf(StoreError);
    expect(keeper.list()).to.deep.equal([]);
    await stop();
    await start();
    expect(keeper.list()).to.deep.equal([]);
  });

  it('holds 1,000 grants, of which each is extended and revoked by itself', async function () {
    this.timeout(60_000);
    const most = 10_000;
    for (let address = 0; address < 1_000; address++) await open({ address, most });
    expect(keeper.list()).to.have.length(1_000);
    doors.done.length = 0;
    await open({ address: 500, most, seconds: 90 });
    expect(await keeper.revoke({ address: addressOf(501) })).to.have.length(1);
    expect(doors.done).to.deep.equal(['open tcp/22 192.0.3.244', 'close tcp/22 192.0.3.245']);
    await stop();
    await start();
    expect(keeper.list()).to.have.length(999);
  });
});

interface Asking {
  readonly client?: string;
  readonly action?: string;
  readonly address?: number;
  readonly door?: Door;
  readonly seconds?: number;
  readonly most?: number;
}

function addressOf(number: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2 + (number >> 8), number & 0xff);
}

function policyOf(...clients: string[]): Policy {
  return {
    serverId: ID,
    gate: deriveGateSubkey(gateKey(new Uint8Array(32)), ID),
    delta: 2,
    clients: clients.map((name, index) => ({
      name,
      keys: deriveClientKeys(seed(new Uint8Array(32).fill(index)), ID),
      actions: new Set(['ssh', 'vpn']),
      from: [],
      notAfter: undefined,
      bind: 'source',
      maxDuration: undefined,
      mostGrants: 16,
    })),
    actions: ['ssh', 'vpn'].map((name, index) => ({
      name,
      code: actionCode(index),
      deed: { kind: 'open', door: SSH },
      argument: undefined,
      duration: 30,
      maxDuration: 600,
    })),
  };
}

async function waitUntil(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${String(holds)}`);
    await sleep(5);
  }
}
