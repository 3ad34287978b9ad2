import { parseSeed } from '@bouncer-spa/protocol';
import { parseClients, type GoodClients } from '@bouncer-spa/bouncer/dist/core/client-schema.js';
import { parsedToml } from '@bouncer-spa/bouncer/dist/core/parsed-toml.js';
import { PlainClients } from '@bouncer-spa/bouncer/dist/core/plain-clients.js';
import { expect } from 'chai';
import fc from 'fast-check';

const SEED = '0a'.repeat(32);
const ALICE = `[clients.alice]\nseed = "${SEED}"\nactions = ["ssh", "vpn"]\n`;
const BOB = `[clients.bob]\nseed = "${SEED}"\nactions = ["ssh", "vpn"]\n`;
const CAROL = `# Until summer.\n[clients.carol]\nseed_file = "carol.seed"\nactions = []\nnot_after = 2027-06-30\n`;

function read(text: string): GoodClients | undefined {
  const plain = new PlainClients(text);
  while (plain.read(1));
  return plain.clients;
}

describe('The reader of plain clients', () => {
  it('reads those with nothing but a seed and actions, those with more, and comments', () => {
    const text = `# Ours.\n\n${ALICE}\n# Theirs.\n${CAROL}${BOB}grants = 3\n# The end.\n`;
    const { clients, problems } = parseClients(parsedToml(text));
    expect(problems).to.deep.equal([]);
    expect([...(read(text) ?? [])]).to.deep.equal([...clients]);
    expect(read(text)?.get('alice')).to.deep.equal({
      seed: parseSeed(SEED),
      actions: ['ssh', 'vpn'],
      bind: 'source',
      grants: 16,
    });
  });

  it('reads whatever number of empty lines and comments', () => {
    for (const lines of [98, 99, 100, 10_000_000]) {
      const between = `# Ours.\n${'\n'.repeat(lines)}`;
      expect(read(between + ALICE + between + BOB + between)?.size).to.equal(2);
    }
  });

  it('reads whatever number of actions', function () {
    this.timeout(120_000);
    for (const more of [998, 999, 1_000, 5_000_000]) {
      const actions = Array<string>(1 + more).fill('ssh');
      const text = ALICE.replace('"ssh", "vpn"', actions.map((name) => `"${name}"`).join(', '));
      expect(read(text)?.get('alice')?.actions).to.have.length(1 + more);
    }
  });

  it('reads nothing as nothing', () => {
    expect(read('')).to.deep.equal(new Map());
  });

  it('reads so many tables at a time, and not more', () => {
    const plain = new PlainClients(`${ALICE}${ALICE.replace('alice', 'carol')}${BOB}`);
    expect(plain.read(2)).to.equal(true);
    expect([...(plain.clients ?? [])].map(([name]) => name)).to.deep.equal(['alice', 'carol']);
    expect(plain.read(2)).to.equal(false);
    expect([...(plain.clients ?? [])].map(([name]) => name)).to.deep.equal(['alice', 'carol', 'bob']);
  });

  it('has one list for clients with the same actions: there may be 100,000', () => {
    const clients = read(ALICE + BOB);
    expect(clients?.get('alice')?.actions).to.equal(clients?.get('bob')?.actions);
  });

  for (const [what, text] of [
    ['a name that is there twice', ALICE + ALICE],
    ['a name that is there twice, once with more', `${ALICE}${CAROL}${ALICE}bind = "any"\n`],
    ['a key that is there twice', `${ALICE}seed = "${SEED}"\n`],
    ['a key before any table', `port = 1\n${ALICE}`],
    ['another section', `${ALICE}[actions.ssh]\ncode = 1\n`],
    ['a table in a client', `${ALICE}[clients.alice.more]\n`],
    ['a name that no client may have', ALICE.replace('alice', '-')],
    ['a name that is too long', ALICE.replace('alice', 'a'.repeat(65))],
    ['a seed that is none', ALICE.replace('0a', '0x')],
    ['an action without a name', ALICE.replace('"vpn"', '""')],
    ['a key that does not exist', `${ALICE}key = 1\n`],
    ['a day that does not exist', CAROL.replace('06-30', '06-31')],
    ['clients in a text of several lines', `[clients.dora]\nseed_file = """\n${ALICE}"""\nactions = []\n`],
    ['a mistake', `${ALICE}[clients.bob\n`],
  ] as const) {
    it(`leaves to the parser ${what}`, () => {
      expect(read(text)).to.equal(undefined);
    });
  }

  it('never reads anything otherwise than the parser of all TOML and the schema', () => {
    const line = fc.oneof(
      fc.constantFrom('[clients.alice]', '[clients.bob]', '[clients.a-name-of-many-letters]', '[clients.-]'),
      fc.constantFrom('[actions.ssh]', '[[clients.alice]]', '["clients".alice]', '[clients.alice.more]'),
      fc.constantFrom(
        `seed = "${SEED}"`,
        `seed = '${SEED}'`,
        `seed="${SEED}"`,
        'seed = """',
        'seed_file = "a"',
      ),
      fc.constantFrom('actions = ["ssh"]', 'actions = []', 'actions = [', '"ssh"]', 'actions = [""]', '"""'),
      fc.constantFrom(
        '',
        '# comment',
        '#\u0007',
        ' ',
        'grants = 3',
        'not_after = 2027-06-31',
        'bind = "any"',
      ),
    );
    const chunk = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(ALICE, BOB, CAROL, ALICE.replace('alice', 'x'.repeat(13))) },
      { weight: 1, arbitrary: line.map((text) => `${text}\n`) },
      { weight: 1, arbitrary: fc.constantFrom('[clients.', '#', '\r\n', '"', 'ü') },
    );
    const file = fc.array(chunk, { maxLength: 6 }).map((chunks) => chunks.join(''));
    let plain = 0;
    fc.assert(
      fc.property(file, (text) => {
        const clients = read(text);
        if (clients === undefined) return;
        plain++;
        const parsed = parseClients(parsedToml(text));
        expect(parsedToml(text)).not.to.equal(undefined);
        expect(parsed.problems).to.deep.equal([]);
        expect([...clients]).to.deep.equal([...parsed.clients]);
      }),
      { numRuns: 5_000 },
    );
    expect(plain).to.be.greaterThan(500);
  });
});
