import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  minute,
  parseGateKey,
  parseSeed,
  seed,
  serverId,
} from '@bouncer-spa/protocol';
import { gateNumber, WindowTables } from '@bouncer-spa/bouncer/dist/core/minute-table.js';
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
  };
}

function actionOf(code: number): Action {
  return {
    name: `action-${code}`,
    code: actionCode(code),
    run: [],
    timeout: 0,
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
      const table = tables.find((known) => known.minute === vector.minute);
      expect(table?.gate, vector.name).to.equal(Number(`0x${vector.gate}`));
      const entry = table?.locators.get(BigInt(`0x${vector.locator}`));
      expect(entry?.client.name, vector.name).to.equal('sender');
      expect(entry?.action.code, vector.name).to.equal(vector.input.actionCode);
      const others = tables.filter(({ minute: at }) => at !== vector.minute);
      expect(
        others.some(({ gate }) => gate === Number(`0x${vector.gate}`)),
        vector.name,
      ).to.equal(false);
      expect(others.some(({ locators }) => locators.has(BigInt(`0x${vector.locator}`)))).to.equal(false);
    }
  });

  it('has every client with every action, though no client may use any', () => {
    const policy = policyOf({});
    for (const { locators } of new WindowTables(policy).around(minute(29_453_760))) {
      const pairs = Array.from(locators.values(), ({ client, action }) => `${client.name} ${action.code}`);
      expect(pairs.sort()).to.deep.equal([
        'alice 0',
        'alice 21',
        'alice 65535',
        'bob 0',
        'bob 21',
        'bob 65535',
      ]);
    }
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
    for (const at of [990, 1000, 1001, 999, 1002]) moved.around(minute(at));
    expect(moved.around(minute(1000))).to.deep.equal(new WindowTables(policy).around(minute(1000)));
  });

  it('has an empty table for a server without clients or without actions', () => {
    for (const policy of [policyOf({ clients: [] }), policyOf({ actions: [] })]) {
      const tables = new WindowTables(policy).around(minute(1000));
      expect(tables.map(({ locators }) => locators.size)).to.deep.equal([0, 0, 0, 0, 0]);
    }
  });

  it('has other locators and the same gates for another seed', () => {
    const other = policyOf({
      clients: [
        {
          ...clientOf('alice', '00'.repeat(32)),
          keys: deriveClientKeys(seed(new Uint8Array(32).fill(9)), ID),
        },
      ],
    });
    const [mine] = new WindowTables(policyOf({})).around(minute(1000));
    const [theirs] = new WindowTables(other).around(minute(1000));
    expect(theirs?.gate).to.equal(mine?.gate);
    expect([...(theirs?.locators.keys() ?? [])].some((locator) => mine?.locators.has(locator))).to.equal(
      false,
    );
  });
});
