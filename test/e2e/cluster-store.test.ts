import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  minuteOf,
  seed,
  serverId,
  type Minute,
} from '@bouncer-spa/protocol';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { later } from '@bouncer-spa/bouncer/dist/core/moment.js';
import { momentNow, monotonicNow } from '@bouncer-spa/bouncer/dist/system/clock.js';
import { parseStoreUrl } from '@bouncer-spa/bouncer/dist/core/store-url.js';
import type { Answer } from '@bouncer-spa/bouncer/dist/system/cluster.js';
import type { StorePlace } from '@bouncer-spa/bouncer/dist/system/store-connection.js';
import { Cleanup } from '../support/cleanup.js';
import { ClusterGateway, type GatewayWishes } from '../support/cluster-gateway.js';
import { repositoryPath } from '../support/paths.js';
import { freePort, Redis, type RedisWishes } from '../support/redis.js';
import { waitFor, waitUntil } from '../support/wait.js';

const ID = serverId('gate.example.org');

/** Milliseconds that a packet may wait for the store, and what a loaded machine adds. */
const PATIENCE = 250;
const SLACK = 5_000;

describe('The store that gateways share', function () {
  this.timeout(60_000);
  const cleanup = new Cleanup();
  let policy: Policy;

  beforeEach(() => {
    policy = {
      serverId: ID,
      gate: deriveGateSubkey(gateKey(randomBytes(32)), ID),
      delta: 2,
      clients: ['alice', 'bob'].map((name) => ({
        name,
        keys: deriveClientKeys(seed(randomBytes(32)), ID),
        actions: new Set(['ssh']),
        from: [],
        notAfter: undefined,
        bind: 'source',
        maxDuration: undefined,
        mostGrants: 16,
      })),
      actions: [
        {
          name: 'ssh',
          code: actionCode(21),
          deed: { kind: 'open', door: { kind: 'ports', ports: [{ transport: 'tcp', first: 22, last: 22 }] } },
          argument: undefined,
          duration: 30,
          maxDuration: 600,
        },
      ],
    };
  });

  afterEach(() => cleanup.run());

  async function redis(wishes?: RedisWishes): Promise<Redis> {
    const server = await Redis.start(wishes);
    cleanup.add(() => server.remove());
    return server;
  }

  function placeOf(urls: readonly string[], more: Partial<StorePlace> = {}): StorePlace {
    const [first, ...others] = urls.map((text) => {
      const url = parseStoreUrl(text);
      if (typeof url === 'string') throw new Error(url);
      return url;
    });
    if (first === undefined) throw new Error('no URL');
    return {
      kind: 'single',
      master: '',
      password: undefined,
      authorities: undefined,
      urls: [first, ...others],
      ...more,
    };
  }

  /** Gateways that have joined. */
  async function gateways(
    count: number,
    place: StorePlace,
    wishes: Partial<GatewayWishes> = {},
  ): Promise<ClusterGateway[]> {
    const all = await Promise.all(
      Array.from({ length: count }, () => ClusterGateway.start({ place, policy, ...wishes })),
    );
    for (const gateway of all) cleanup.add(() => gateway.remove());
    for (const gateway of all) await gateway.becomes('trusted');
    await waitFor(
      'all to know each other',
      () => all.every(({ cluster }) => cluster.status.members.length >= count - 1) || undefined,
    );
    return all;
  }

  function packet(): { at: Minute; tag: Uint8Array } {
    return { at: minuteOf(Date.now()), tag: randomBytes(32) };
  }

  async function judgedBy(all: readonly ClusterGateway[], { at, tag } = packet()): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const gateway of all) answers.push(await gateway.judge(at, tag));
    return answers;
  }

  it('has each packet accepted by one gateway, whoever is asked first', async () => {
    const all = await gateways(3, placeOf([(await redis()).url]));
    expect(await judgedBy(all)).to.deep.equal(['new', 'replay', 'replay']);
    for (let round = 0; round < 300; round++) {
      const { at, tag } = packet();
      const answers = await Promise.all(all.map((gateway) => gateway.judge(at, tag)));
      expect(answers.sort()).to.deep.equal(['new', 'replay', 'replay']);
    }
  });

  it('is told of packets that were refused, but not of as many as somebody with a seed may send', async () => {
    const server = await redis();
    const [first, second] = (await gateways(2, placeOf([server.url]))) as [ClusterGateway, ClusterGateway];
    const refused = packet();
    first.cluster.spend(refused.at, refused.tag);
    await waitUntil('the store to know', async () => Number(await server.command('DBSIZE')) > 2);
    expect(await judgedBy([second], refused)).to.deep.equal(['replay']);
    const [before, began] = [Number(await server.command('DBSIZE')), Math.floor(monotonicNow() / 1_000)];
    for (let count = 0; count < 5_000; count++) first.cluster.spend(refused.at, randomBytes(32));
    expect(await judgedBy([first, second])).to.deep.equal(['new', 'replay']);
    const seconds = 1 + Math.floor(monotonicNow() / 1_000) - began;
    expect(Number(await server.command('DBSIZE')) - before).to.be.within(100, 100 * seconds + 1);
  });

  it('is not believed when it comes back empty, until every gateway has told it what it remembers', async () => {
    const server = await redis();
    const all = await gateways(3, placeOf([server.url]));
    const [first, second, third] = all as [ClusterGateway, ClusterGateway, ClusterGateway];
    const ofThird = packet();
    expect(await judgedBy([third, first], ofThird)).to.deep.equal(['new', 'replay']);
    const late = packet();
    expect(await judgedBy([third], late)).to.deep.equal(['new']);
    await third.stop();
    await server.kill();
    await first.becomes('away');
    await server.start();
    await first.becomes('waiting');
    await waitFor(
      'the reason',
      () => /waits for them: .*\(/.test(first.cluster.status.reason ?? '') || undefined,
    );
    expect(await judgedBy([first, second], late)).to.deep.equal(['cluster', 'cluster']);
    await third.start();
    for (const gateway of all) await gateway.becomes('trusted');
    expect(await judgedBy([second, first], ofThird)).to.deep.equal(['replay', 'replay']);
    expect(await judgedBy(all)).to.deep.equal(['new', 'replay', 'replay']);
  });

  it('is not believed when somebody has emptied it', async () => {
    const server = await redis();
    const all = await gateways(2, placeOf([server.url]));
    const [first, second] = all as [ClusterGateway, ClusterGateway];
    const early = packet();
    expect(await judgedBy([first], early)).to.deep.equal(['new']);
    await server.command('FLUSHALL');
    expect(await judgedBy([second], early)).to.deep.equal(['cluster']);
    for (const gateway of all) await gateway.becomes('trusted');
    expect(await judgedBy([second], early)).to.deep.equal(['replay']);
  });

  it('that goes back to what it was on its disk is not believed either', async () => {
    const server = await redis();
    const all = await gateways(2, placeOf([server.url]));
    const [first, second] = all as [ClusterGateway, ClusterGateway];
    await server.command('SAVE');
    const early = packet();
    expect(await judgedBy([second], early)).to.deep.equal(['new']);
    await second.stop();
    await server.kill();
    await first.becomes('away');
    await server.start();
    await first.becomes('waiting');
    expect(await judgedBy([first], early)).to.deep.equal(['cluster']);
    await second.start();
    for (const gateway of all) await gateway.becomes('trusted');
    expect(await judgedBy([first], early)).to.deep.equal(['replay']);
  });

  it('that does not answer keeps no packet waiting, and nothing is accepted', async () => {
    const server = await redis();
    const [first, second] = (await gateways(2, placeOf([server.url]))) as [ClusterGateway, ClusterGateway];
    server.signal('SIGSTOP');
    const began = performance.now();
    const { at, tag } = packet();
    expect(await first.judge(at, tag)).to.equal('cluster');
    expect(performance.now() - began).to.be.within(PATIENCE - 10, PATIENCE + SLACK);
    await first.becomes('away');
    expect(first.log.at(-1)?.msg).to.include('NOTHING IS ACCEPTED');
    server.signal('SIGCONT');
    for (const gateway of [first, second]) await gateway.becomes('trusted');
    // It was refused here, and cannot be used elsewhere by whoever has overheard it.
    expect(await judgedBy([first, second], { at, tag })).to.deep.equal(['replay', 'replay']);
    expect(await judgedBy([first, second])).to.deep.equal(['new', 'replay']);
  });

  it('that is gone leaves each gateway to itself if the config says so, and is told afterwards', async () => {
    const server = await redis();
    const all = await gateways(2, placeOf([server.url]), { onFailure: 'local' });
    const [first, second] = all as [ClusterGateway, ClusterGateway];
    await server.kill();
    for (const gateway of all) await gateway.becomes('away');
    const meanwhile = packet();
    expect(await judgedBy([first, first], meanwhile)).to.deep.equal(['new', 'replay']);
    expect(first.log.at(-1)?.msg).to.include('may work at the other gateways, too');
    await server.start();
    for (const gateway of all) await gateway.becomes('trusted');
    expect(await judgedBy([second, first], meanwhile)).to.deep.equal(['replay', 'replay']);
  });

  it('is followed by Sentinels to the replica that takes over, which has to be told what it may lack', async () => {
    const master = await redis({ config: ['repl-diskless-sync-delay 0'] });
    const replica = await redis({
      config: [`replicaof ${master.host} ${master.port}`, 'repl-ping-replica-period 1'],
    });
    await waitFor(
      'the replica',
      () => master.output.includes('Synchronization with replica') || undefined,
      20_000,
    );
    const sentinel = await redis({
      sentinel: true,
      config: [
        `sentinel monitor door ${master.host} ${master.port} 1`,
        'sentinel down-after-milliseconds door 500',
        'sentinel failover-timeout door 2000',
      ],
    });
    await waitFor(
      'the Sentinel to know the replica',
      () => sentinel.output.includes('+slave') || undefined,
      20_000,
    );
    const all = await gateways(2, placeOf([sentinel.url], { kind: 'sentinel', master: 'door' }));
    const [first, second] = all as [ClusterGateway, ClusterGateway];
    const early = packet();
    expect(await judgedBy([first], early)).to.deep.equal(['new']);
    // What only the master has is lost with it.
    await replica.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
    const lost = packet();
    replica.signal('SIGSTOP');
    expect(await judgedBy([first], lost)).to.deep.equal(['new']);
    await master.kill();
    replica.signal('SIGCONT');
    await first.becomes('away');
    for (const gateway of all) await gateway.becomes('trusted');
    expect(await judgedBy([second, first], early)).to.deep.equal(['replay', 'replay']);
    expect(await judgedBy([second, first], lost)).to.deep.equal(['replay', 'replay']);
    expect(await judgedBy(all)).to.deep.equal(['new', 'replay']);
  });

  it('can be a Redis Cluster', async () => {
    const server = await redis({ config: ['cluster-enabled yes', 'cluster-require-full-coverage no'] });
    await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    const all = await gateways(
      2,
      placeOf([`redis://127.0.0.1:${await freePort()}`, server.url], { kind: 'cluster' }),
    );
    expect(await judgedBy(all)).to.deep.equal(['new', 'replay']);
  });

  it('is spoken to by TLS, as a user with a password who may do no more than the docs say', async () => {
    const page = readFileSync(repositoryPath('docs/cluster.md'), 'utf8');
    const [aclOfDocs = ''] = /user gate on .*/.exec(page) ?? [];
    const tls = await redis({
      tls: true,
      config: ['user default off', aclOfDocs.replace('PASSWORD', 's3cret')],
    });
    const url = `rediss://gate@127.0.0.1:${tls.port}`;
    const good = placeOf([url], { password: 's3cret', authorities: tls.authority });
    const all = await gateways(2, good);
    expect(await judgedBy(all)).to.deep.equal(['new', 'replay']);
    const grant = all[0]?.open('alice', 300);
    await waitFor('the grant', () => all[1]?.grants.has(grant?.id ?? '') === true || undefined);
    const bad = [
      { ...good, password: 'other' },
      { ...good, authorities: undefined },
    ];
    for (const place of bad) {
      const gateway = await complaining(place);
      expect(gateway.log[0]?.msg).to.match(
        /cannot be reached: 127\.0\.0\.1:\d+: (WRONGPASS|self-signed|unable)/,
      );
      expect(JSON.stringify(gateway.log)).to.not.include('s3cret');
    }
  });

  /** A gateway that was given one answer to whatever it says, and has complained of that. */
  async function answered(answer: string): Promise<ClusterGateway> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => socket.write(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanup.add(() => server.close());
    const { port } = server.address() as AddressInfo;
    return complaining(placeOf([`redis://127.0.0.1:${port}`], { password: 's3cretPassw0rd' }));
  }

  /** A gateway that cannot work with its store, and has said so. */
  async function complaining(place: StorePlace): Promise<ClusterGateway> {
    const gateway = await ClusterGateway.start({ place, policy });
    cleanup.add(() => gateway.remove());
    await waitFor('a failure', () => gateway.log.at(0));
    return gateway;
  }

  for (const [what, config, password] of [
    ['whose AUTH has another name', ['rename-command AUTH ""'], 's3cretPassw0rd'],
    ['that repeats the beginning of a password', ['rename-command AUTH ""'], 's3cretPassw0rd'.repeat(50)],
  ] as const)
    it(`${what} has the password told to nobody`, async () => {
      const server = await redis({ config });
      const gateway = await complaining(placeOf([server.url], { password }));
      expect(gateway.log[0]?.msg).to.match(/cannot be reached: 127\.0\.0\.1:\d+: ERR unknown command 'AUTH'/);
      expect(JSON.stringify([gateway.log, gateway.cluster.status])).to.not.include('s3cret');
    });

  it('that answers what a terminal obeys, or without end, has neither shown', async () => {
    const gateway = await answered(`-ERR \u001b[2J s3cretPassw0rd ${'x'.repeat(5_000)}\r\n`);
    const { reason } = gateway.cluster.status;
    expect(reason).to.match(/^127\.0\.0\.1:\d+: ERR \?\[2J \.\.\. x+$/);
    expect(reason?.length).to.be.at.most(1_000);
    expect(JSON.stringify(gateway.log)).to.not.include('s3cret').and.not.include('\\u001b');
  });

  for (const [what, answer, reason] of [
    ['announces lists without end', '*32000000\r\n'.repeat(4), 'it sends more than an answer can be'],
    ['is something else', 'SSH-2.0-OpenSSH_9.2\r\n', 'it sends what is no answer of a Redis'],
  ] as const)
    it(`that ${what} is not listened to, and no room is made for it`, async () => {
      const before = process.memoryUsage().rss;
      const gateway = await answered(answer);
      expect(gateway.cluster.status.reason)
        .to.match(/^127\.0\.0\.1:\d+: /)
        .and.to.include(`: ${reason}`);
      expect(process.memoryUsage().rss - before).to.be.below(200 * 1024 * 1024);
    });

  it('has members whose names a terminal may be shown, and none that are larger than a gateway makes them', async () => {
    const server = await redis();
    const report = { name: '\u001b[2J', epoch: 'e', beat: 1, changes: 0 };
    const key = `bouncer:{${ID}}:members`;
    await server.command('HSET', key, '0123456789abcdef', JSON.stringify(report));
    const large = JSON.stringify({ ...report, epoch: 'e'.repeat(2_000) });
    await server.command('HSET', key, '0123456789abcdee', large);
    const gateway = await ClusterGateway.start({ place: placeOf([server.url]), policy });
    cleanup.add(() => gateway.remove());
    await gateway.becomes('waiting');
    await waitFor('the member', () => gateway.cluster.status.members.length > 0 || undefined);
    expect(gateway.cluster.status.members.map(({ name }) => name)).to.deep.equal(['?[2J']);
    expect(JSON.stringify(gateway.log)).to.not.include('\\u001b');
  });

  it('has gateways seen, however much that is none stands before them', async () => {
    const server = await redis();
    const junk = Array.from({ length: 100 }, (_, index) => [`junk-${index}`, '{}']).flat();
    await server.command('HSET', `bouncer:{${ID}}:members`, ...junk);
    const all = await gateways(2, placeOf([server.url]));
    expect(all[0]?.cluster.status.members).to.have.length(1);
  });

  it('is not relied on if it forgets keys when its memory is full, or is a replica', async () => {
    const master = await redis({ config: ['maxmemory 100mb', 'maxmemory-policy allkeys-lru'] });
    const replica = await redis({ config: [`replicaof ${master.host} ${master.port}`] });
    for (const [server, state, reason] of [
      [master, 'waiting', /maxmemory-policy/],
      [replica, 'away', /replica/],
    ] as const) {
      const gateway = await ClusterGateway.start({ place: placeOf([server.url]), policy });
      cleanup.add(() => gateway.remove());
      await gateway.becomes(state);
      expect(gateway.cluster.status.reason).to.match(reason);
      expect(await judgedBy([gateway])).to.deep.equal(['cluster']);
    }
  });

  it('is not relied on while its clock and ours differ by minutes', async () => {
    const place = placeOf([(await redis()).url]);
    const now = Date.now.bind(Date);
    cleanup.add(() => {
      Date.now = now;
    });
    Date.now = () => now() + 180_000;
    const gateway = await ClusterGateway.start({ place, policy });
    cleanup.add(() => gateway.remove());
    await gateway.becomes('waiting');
    expect(gateway.cluster.status.reason).to.match(/^its clock is 1(79|80) seconds behind ours$/);
    expect(await judgedBy([gateway])).to.deep.equal(['cluster']);
    Date.now = now;
    await gateway.becomes('trusted');
    expect(await judgedBy([gateway])).to.deep.equal(['new']);
  });

  describe('tells grants', () => {
    let server: Redis;

    beforeEach(async () => {
      server = await redis();
    });

    function ids(gateway: ClusterGateway): string[] {
      return [...gateway.grants.keys()].sort();
    }

    it('and forgets those that are over, here and there, also when nobody was away', async () => {
      const all = await gateways(2, placeOf([server.url]));
      const [first] = all as [ClusterGateway, ClusterGateway];
      const over = first.open('alice', 2);
      await same(all, [over.id]);
      first.revoke(over);
      await same(all, []);
      const key = `bouncer:{${ID}}:grants`;
      expect(await server.command('ZCARD', key)).to.equal('1');
      await waitUntil('the store to forget', async () => (await server.command('ZCARD', key)) === '0');
      // Some looks later; whoever remembers the revocation then refuses this.
      await sleep(4_000);
      const again = { ...over, end: later(momentNow(), 300_000) };
      first.grants.set(over.id, again);
      first.cluster.opened(again);
      await same(all, [over.id]);
    });

    async function same(all: readonly ClusterGateway[], expected: readonly string[]): Promise<void> {
      const wanted = [...expected].sort().join();
      await waitFor(
        `all to have ${wanted}`,
        () => all.every((gateway) => ids(gateway).join() === wanted) || undefined,
      );
    }

    it('that begin and are revoked, to all and to who comes later', async () => {
      const all = await gateways(3, placeOf([server.url]));
      const [first, second, third] = all as [ClusterGateway, ClusterGateway, ClusterGateway];
      const kept = first.open('alice', 300);
      const over = second.open('bob', 300);
      await same(all, [kept.id, over.id]);
      expect(third.grants.get(kept.id)?.end.unix).to.be.closeTo(kept.end.unix, 2);
      third.revoke(over);
      await same(all, [kept.id]);
      const [late] = (await gateways(1, placeOf([server.url]))) as [ClusterGateway];
      await same([late], [kept.id]);
    });

    it('that were made or revoked while the store was gone or a gateway was away', async () => {
      const all = await gateways(3, placeOf([server.url]));
      const [first, second, third] = all as [ClusterGateway, ClusterGateway, ClusterGateway];
      const over = first.open('alice', 300);
      await same(all, [over.id]);
      await third.stop();
      await server.kill();
      await first.becomes('away');
      await second.becomes('away');
      const made = first.open('bob', 300);
      second.revoke(over);
      await server.start();
      await third.start();
      for (const gateway of all) await gateway.becomes('trusted');
      await same(all, [made.id]);
    });

    it('that were revoked while the store was gone, also if the gateway is started anew before it is back', async () => {
      const all = await gateways(2, placeOf([server.url]));
      const [first, second] = all as [ClusterGateway, ClusterGateway];
      const over = first.open('alice', 300);
      const kept = first.open('bob', 300);
      await same(all, [over.id, kept.id]);
      await server.kill();
      for (const gateway of all) await gateway.becomes('away');
      first.revoke(over);
      await first.stop();
      await first.start();
      await server.start();
      for (const gateway of all) await gateway.becomes('trusted');
      await same(all, [kept.id]);
      // It is told, and not kept any longer.
      await first.stop();
      await waitFor('nothing to be left to tell', () => first.state.includes('"untold":[]') || undefined);
      expect(second.state).to.include('"untold":[]');
    });

    it('for no longer than the action may be here, and not to clients that are not', async () => {
      const [first] = (await gateways(1, placeOf([server.url]))) as [ClusterGateway];
      const [action] = policy.actions;
      if (action === undefined) throw new Error('no action');
      const shorter = {
        ...policy,
        actions: [{ ...action, maxDuration: 60 }],
        clients: policy.clients.slice(0, 1),
      };
      const [second] = (await gateways(1, placeOf([server.url]), { policy: shorter })) as [ClusterGateway];
      const long = first.open('alice', 500);
      const unknown = first.open('bob', 500);
      await same([second], [long.id]);
      const left = (second.grants.get(long.id)?.end.unix ?? 0) - Date.now();
      expect(left).to.be.within(40_000, 60_000);
      await waitFor('a warning', () =>
        second.log.find(({ msg }) => msg.includes('no client of this config')),
      );
      second.follow(policy);
      await same([second], [long.id, unknown.id]);
    });

    it('that its own operator makes up to nobody', async () => {
      const [gateway] = (await gateways(1, placeOf([server.url]))) as [ClusterGateway];
      const grant = gateway.open('alice', 300);
      const key = `bouncer:{${ID}}:grants`;
      await waitFor('it to be told', () => (gateway.cluster.status.behind === 0 ? true : undefined));
      const line = await server.command('ZRANGE', key, '0', '-1');
      expect(line).to.include(grant.id);
      for (const forged of [
        line.replace(grant.id, '00000000'),
        line.replace('alice', 'bob'),
        'junk',
        `${'A'.repeat(43)} []`,
      ])
        await server.command('PUBLISH', key, forged);
      await waitFor('a warning', () =>
        gateway.log.find(({ msg }) => msg.includes('no client of this config')),
      );
      const after = gateway.open('alice', 200);
      await same([gateway], [grant.id, after.id]);
    });
  });
});
