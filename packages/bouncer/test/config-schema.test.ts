import { expect } from 'chai';
import { parseSeed, ProtocolError } from '@bouncer-spa/protocol';
import * as v from 'valibot';
import { parseClients } from '@bouncer-spa/bouncer/dist/core/client-schema.js';
import { parseTables } from '@bouncer-spa/bouncer/dist/core/config-schema.js';
import { ofProtocol, wholeArgument } from '@bouncer-spa/bouncer/dist/core/config-values.js';

const SEED = 'a'.repeat(64);
const TABLES = {
  server: { id: 'gw1', gate_key_file: 'gate.key', state_dir: 'state' },
  capture: { port: 51_324 },
};

/** What is wrong with a file that has nothing but one client. */
function ofClient(alice: unknown): string[] {
  return parseClients({ clients: { alice } }).problems.map(({ key, reason }) => `${key}: ${reason}`);
}

describe('The form of a config', () => {
  it('is no whole as long as anything is wrong with it, but has what is good', () => {
    const { good, tables, problems } = parseTables({ ...TABLES, log: { level: 'loud', file: 'log' } });
    expect(problems.map(({ key }) => key)).to.deep.equal(['log.level']);
    expect(tables).to.equal(undefined);
    expect(good.server).to.include({ id: 'gw1' });
  });

  it('has what is usual where nothing is said', () => {
    const { good, tables, problems } = parseTables(TABLES);
    expect(problems).to.deep.equal([]);
    expect(tables).to.equal(good);
    expect(tables).to.deep.include({
      guard: { ports: [], on_stop: 'closed' },
      limits: { running: 16 },
      submit: {},
      metrics: {},
      log: { level: 'info', rejects_per_minute: 20 },
      lockout: undefined,
      cluster: undefined,
      actions: {},
      clients: new Map(),
    });
  });

  it('has each of its tables under its own name', () => {
    const { tables } = parseTables({
      ...TABLES,
      submit: { max_age: '30m' },
      metrics: { textfile: 'a.prom' },
    });
    expect(tables).to.deep.include({ submit: { max_age: 1_800 }, metrics: { textfile: 'a.prom' } });
    const { problems } = parseTables({ ...TABLES, submit: { max_age: 30 }, metrics: { textfile: 1 } });
    expect(problems.map(({ key, reason }) => `${key}: ${reason}`)).to.deep.equal([
      'submit.max_age: expected a text in quotes',
      'metrics.textfile: expected a text in quotes',
    ]);
  });

  for (const [what, value] of [
    ['null', null],
    ['a number', 1],
    ['a list', []],
    ['a date', new Date(0)],
  ] as const)
    it(`is not that of ${what}, also in place of a table`, () => {
      const missing = ['server', 'capture'].map((key) => ({ key, reason: 'is missing' }));
      expect(parseTables(value).problems).to.deep.equal(missing);
      const reason = 'expected a table';
      expect(parseTables({ ...TABLES, actions: value }).problems).to.deep.equal([{ key: 'actions', reason }]);
      expect(ofClient(value)).to.deep.equal(['clients.alice: expected a table']);
    });
});

describe('A client with nothing but a seed and actions', () => {
  it('is what it is with what is usual written beside them', () => {
    const plain = { seed: SEED, actions: ['ssh', 'vpn'] };
    const { clients, problems } = parseClients({
      clients: { alice: plain, bob: { ...plain, bind: 'source', grants: 16 } },
    });
    expect(problems).to.deep.equal([]);
    expect(clients.get('alice')).to.deep.equal(clients.get('bob'));
    expect(clients.get('alice')).to.deep.equal({
      seed: parseSeed(SEED),
      actions: ['ssh', 'vpn'],
      bind: 'source',
      grants: 16,
    });
  });

  for (const [what, client, ...says] of [
    ['no actions', { seed: SEED }, 'actions: is missing'],
    ['no seed', { actions: ['ssh'] }, 'seed_file: is missing'],
    ['nothing', {}, 'actions: is missing', 'seed_file: is missing'],
    ['a seed that is no text', { seed: 5, actions: [] }, 'seed: expected a text in quotes'],
    ['a seed that is none', { seed: 'abc', actions: [] }, 'seed: seed expected 64 hexadecimal digits, got 3'],
    [
      'actions that are no list',
      { seed: SEED, actions: 'ssh' },
      'actions: expected a list in square brackets',
    ],
    [
      'an action that is no text',
      { seed: SEED, actions: ['ssh', 5] },
      'actions.1: expected a text in quotes',
    ],
    ['an action without a name', { seed: SEED, actions: ['ssh', ''] }, 'actions.1: is empty'],
    ['a key beside them', { seed: SEED, actions: [], key: 1 }, 'key: unknown key'],
  ] as const)
    it(`is refused with ${what}`, () => {
      expect(ofClient(client)).to.deep.equal(says.map((line) => `clients.alice.${line}`));
    });
});

describe('A value of the protocol', () => {
  it('is refused with what the protocol says of it', () => {
    const refuses = ofProtocol(() => {
      throw new ProtocolError('no such thing');
    });
    expect(v.safeParse(refuses, 'x').issues?.map(({ message }) => message)).to.deep.equal(['no such thing']);
  });

  it('is not blamed for a mistake of the program', () => {
    const breaks = ofProtocol(() => {
      throw new TypeError('a mistake');
    });
    expect(() => v.safeParse(breaks, 'x')).to.throw(TypeError, 'a mistake');
  });
});

describe('The pattern of an argument', () => {
  it('is about characters, also those that JavaScript has in two halves', () => {
    const pattern = v.parse(wholeArgument, '.');
    expect(['x', 'ü', '🚪', 'xy'].filter((text) => pattern.test(text))).to.deep.equal(['x', 'ü', '🚪']);
  });
});
