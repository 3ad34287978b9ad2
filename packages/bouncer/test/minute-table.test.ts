import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateAt,
  gateKey,
  locatorAt,
  minute,
  parseGateKey,
  parseSeed,
  seed,
  serverId,
  type Minute,
} from '@bouncer-spa/protocol';
import { gateNumber, WindowTables, type MinuteTable } from '@bouncer-spa/bouncer/dist/core/minute-table.js';
import type { Action, Client, Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';

interface Vector {
  readonly name: string;
  readonly input: {
    readonly serverId: string;
    readonly gateKey: string;
    readonly seed: string;
    readonly actionCode: number;
  };
  readonly minute: number;
  readonly gate: string;
  readonly locator: string;
}

const vectors = (
  JSON.parse(readFileSync(new URL('../../../../test/vectors/positive.json', import.meta.url), 'utf8')) as {
    cases: readonly Vector[];
  }
).cases;

const ID = serverId('gate.example.org');

function clientOf(name: string, text: string, id = ID): Client {
  return {
    name,
    keys: deriveClientKeys(parseSeed(text), id),
    actions: new Set(),
    from: [],
    notAfter: undefined,
    bind: 'source',
    maxDuration: undefined,
    mostGrants: 16,
  };
}

function actionOf(code: number): Action {
  return {
    name: `action-${code}`,
    code: actionCode(code),
    deed: { kind: 'run', run: [], timeout: 0 },
    argument: undefined,
    duration: 0,
    maxDuration: 0,
  };
}

function policyOf(change: Partial<Policy>): Policy {
  return {
    serverId: ID,
    gate: deriveGateSubkey(gateKey(new Uint8Array(32)), ID),
    delta: 2,
    clients: [clientOf('alice', '20'.repeat(32)), clientOf('bob', '40'.repeat(32))],
    actions: [0, 21, 65535].map(actionOf),
    ...change,
  };
}

/** The policy of a positive vector's server, which knows its client and two other actions. */
function policyOfVector({ input }: Vector): Policy {
  const id = serverId(input.serverId);
  return policyOf({
    serverId: id,
    gate: deriveGateSubkey(parseGateKey(input.gateKey), id),
    clients: [clientOf('other', '77'.repeat(32), id), clientOf('sender', input.seed, id)],
    actions: [1, input.actionCode, 2].map(actionOf),
  });
}

/** How a packet of a client for an action begins. */
function headOf(policy: Policy, { keys }: Client, { code }: Action, at: Minute): Buffer {
  return Buffer.concat([gateAt(policy.gate, at), locatorAt(keys, at, code)]);
}

/** The clients and actions of a policy whose heads a table finds. */
function pairsIn({ minute: at, locators }: MinuteTable, policy: Policy): string[] {
  return policy.clients.flatMap((client) =>
    policy.actions
      .filter((action) => {
        const entry = locators.find(headOf(policy, client, action, at));
        return entry?.client === client && entry.action === action;
      })
      .map(({ code }) => `${client.name} ${code}`),
  );
}

const ALL_PAIRS = ['alice 0', 'alice 21', 'alice 65535', 'bob 0', 'bob 21', 'bob 65535'];

describe('gateNumber', () => {
  it('is the gate of every positive vector, most significant byte first', () => {
    for (const vector of vectors) {
      const expected = Number(`0x${vector.gate}`);
      expect(gateNumber(policyOfVector(vector), minute(vector.minute)), vector.name).to.equal(expected);
    }
  });
});

describe('WindowTables', () => {
  it('has the gate and the locator of every positive vector, and who could have sealed it', () => {
    for (const vector of vectors) {
      const tables = new WindowTables(policyOfVector(vector)).around(minute(vector.minute));
      const head = Buffer.from(vector.gate + vector.locator, 'hex');
      const table = tables.find((known) => known.minute === vector.minute);
      expect(table?.gate, vector.name).to.equal(Number(`0x${vector.gate}`));
      const entry = table?.locators.find(head);
      expect(entry?.client.name, vector.name).to.equal('sender');
      expect(entry?.action.code, vector.name).to.equal(vector.input.actionCode);
      for (const other of tables.filter(({ minute: at }) => at !== vector.minute)) {
        expect(other.gate, vector.name).not.to.equal(Number(`0x${vector.gate}`));
        expect(other.locators.find(head), vector.name).to.equal(undefined);
      }
    }
  });

  it('has every client with every action, though no client may use any', () => {
    const policy = policyOf({});
    for (const table of new WindowTables(policy).around(minute(29_453_760))) {
      expect(pairsIn(table, policy)).to.deep.equal(ALL_PAIRS);
    }
  });

  it('takes K_locator of the clients for whom it was derived ahead, and derives the others', () => {
    const carol = clientOf('carol', '60'.repeat(32));
    const [first, ...others] = policyOf({}).clients;
    let isReleased = false;
    const keysAhead = {
      release: () => {
        isReleased = true;
      },
      take(target: Uint8Array, from: number): number {
        if (from > 0) return from;
        target.set(carol.keys.locator);
        return 1;
      },
    };
    const policy = policyOf({ delta: 0, keysAhead });
    const [table] = new WindowTables(policy).around(minute(1000));
    const asDerived = { ...policy, clients: first ? [{ ...first, keys: carol.keys }, ...others] : [] };
    const found = asDerived.clients.map((client) =>
      policy.actions.map((action) => table?.locators.find(headOf(policy, client, action, minute(1000)))),
    );
    const names = found.flat().map((entry) => entry && `${entry.client.name} ${entry.action.code}`);
    expect(names).to.deep.equal(ALL_PAIRS);
    expect(isReleased).to.equal(true);
  });

  it('has only what is allowed when there are more than ten thousand pairs', () => {
    const one = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        ...clientOf(`client-${at}`, at.toString(16).padStart(64, '0')),
        actions: new Set([`action-${at % 2}`]),
      }));
    for (const [clients, known] of [
      [5_000, ['client-4997 0', 'client-4997 1', 'client-4998 0', 'client-4998 1']],
      [5_001, ['client-4997 1', 'client-4998 0']],
    ] as const) {
      const policy = policyOf({ delta: 0, clients: one(clients), actions: [0, 1].map(actionOf) });
      const [table] = new WindowTables(policy).around(minute(1000));
      const some = { ...policy, clients: policy.clients.slice(4_997, 4_999) };
      expect(table && pairsIn(table, some)).to.deep.equal(known);
    }
  });

  it('lets go of what was derived ahead, also if the last clients, or all, have no pair', () => {
    for (const allowed of [5_000, 0]) {
      const clients = Array.from({ length: 5_001 }, (_, at) => ({
        ...clientOf(`client-${at}`, at.toString(16).padStart(64, '0')),
        actions: new Set(at < allowed ? ['action-0'] : []),
      }));
      let released = 0;
      const keysAhead = { take: (_: Uint8Array, from: number) => from, release: () => released++ };
      const policy = policyOf({ delta: 0, clients, actions: [0, 1].map(actionOf), keysAhead });
      const [table] = new WindowTables(policy).around(minute(1000));
      expect(table?.locators.find(Buffer.alloc(12))).to.equal(undefined);
      expect(released).to.equal(1);
    }
  });

  it('finds none but those, whatever the head', () => {
    const policy = policyOf({ delta: 0 });
    const [table] = new WindowTables(policy).around(minute(1000));
    for (const client of policy.clients) {
      for (const action of policy.actions) {
        const head = headOf(policy, client, action, minute(1000));
        for (let bit = 8 * 4; bit < 8 * 12; bit++) {
          const other = Buffer.from(head);
          other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          expect(table?.locators.find(other)).to.equal(undefined);
        }
      }
    }
  });

  it('has room for a stranger even where there is but one client with one action', () => {
    const policy = policyOf({
      delta: 0,
      clients: [clientOf('alice', '20'.repeat(32))],
      actions: [actionOf(21)],
    });
    const [table] = new WindowTables(policy).around(minute(1000));
    expect(table && pairsIn(table, policy)).to.deep.equal(['alice 21']);
    expect(table?.locators.find(Buffer.alloc(12))).to.equal(undefined);
  });

  it('has the minutes of the window, earliest first', () => {
    for (const delta of [0, 2, 10]) {
      const minutes = new WindowTables(policyOf({ delta })).around(minute(1000)).map(({ minute: at }) => at);
      expect(minutes).to.deep.equal(Array.from({ length: 2 * delta + 1 }, (_, at) => 1000 - delta + at));
    }
  });

  it('has no minutes below 0', () => {
    const tables = new WindowTables(policyOf({}));
    expect(tables.around(minute(1)).map(({ minute: at }) => at)).to.deep.equal([0, 1, 2, 3]);
  });

  it('computes nothing while the minute stays', () => {
    const tables = new WindowTables(policyOf({}));
    expect(tables.around(minute(1000))).to.equal(tables.around(minute(1000)));
  });

  it('keeps the tables of the minutes that stay in the window when it moves', () => {
    const tables = new WindowTables(policyOf({}));
    const before = tables.around(minute(1000));
    const after = tables.around(minute(1001));
    expect(after).to.have.length(5);
    expect(after.slice(0, 4).every((table, at) => table === before[at + 1])).to.equal(true);
    expect(after[4]?.minute).to.equal(1003);
    const back = tables.around(minute(999));
    expect(back.slice(2).every((table, at) => table === after[at])).to.equal(true);
    expect(back.map(({ minute: at }) => at)).to.deep.equal([997, 998, 999, 1000, 1001]);
  });

  it('has the same contents whether kept or computed anew', () => {
    const policy = policyOf({});
    const moved = new WindowTables(policy);
    for (const at of [990, 1000, 1001, 999, 1002, 1000]) {
      for (const table of moved.around(minute(at))) {
        expect(pairsIn(table, policy), `minute ${table.minute} at ${at}`).to.deep.equal(ALL_PAIRS);
      }
    }
  });

  it('finds nobody for a server without clients or without actions', () => {
    for (const policy of [policyOf({ clients: [] }), policyOf({ actions: [] })]) {
      for (const { locators } of new WindowTables(policy).around(minute(1000))) {
        expect(locators.find(Buffer.alloc(12))).to.equal(undefined);
      }
    }
  });

  it('has other locators and the same gates for another seed', () => {
    const alice = {
      ...clientOf('alice', '00'.repeat(32)),
      keys: deriveClientKeys(seed(new Uint8Array(32).fill(9)), ID),
    };
    const mine = policyOf({});
    const theirs = policyOf({ clients: [alice] });
    const [table] = new WindowTables(theirs).around(minute(1000));
    expect(table?.gate).to.equal(gateNumber(mine, minute(998)));
    expect(table && pairsIn(table, mine)).to.deep.equal([]);
    expect(table && pairsIn(table, theirs)).to.deep.equal(['alice 0', 'alice 21', 'alice 65535']);
  });
});

describe('WindowTables in the making', () => {
  const NOW = minute(1000);

  /** The minutes whose tables are complete. */
  const complete = (tables: WindowTables, now = NOW) =>
    tables
      .around(now)
      .filter(({ locators }) => locators.isComplete)
      .map(({ minute: at }) => at);

  it('begin with the minute now, and go on with the others and the one that comes next', () => {
    const tables = new WindowTables(policyOf({}));
    const order: Minute[][] = [];
    while (tables.prepare(NOW, ALL_PAIRS.length)) order.push(complete(tables));
    expect(order).to.deep.equal([
      [1000],
      [998, 1000],
      [998, 999, 1000],
      [998, 999, 1000, 1001],
      [998, 999, 1000, 1001, 1002],
    ]);
    expect(complete(tables, minute(1001))).to.deep.equal([999, 1000, 1001, 1002, 1003]);
  });

  it('compute at most as many locators at a time as they are told', () => {
    const tables = new WindowTables(policyOf({}));
    let steps = 1;
    while (tables.prepare(NOW, 4)) steps++;
    // Two for each of six minutes with six locators.
    expect(steps).to.equal(12);
    expect(tables.prepare(NOW, 4), 'anything left').to.equal(false);
    expect(tables.prepare(minute(1001), 4), 'anything left a minute later').to.equal(true);
  });

  it('know everybody at any time', () => {
    const policy = policyOf({});
    for (let steps = 0; steps < 6; steps++) {
      const tables = new WindowTables(policy);
      for (let step = 0; step < steps; step++) tables.prepare(NOW, 1);
      for (const table of tables.around(NOW)) expect(pairsIn(table, policy)).to.deep.equal(ALL_PAIRS);
    }
  });
});
