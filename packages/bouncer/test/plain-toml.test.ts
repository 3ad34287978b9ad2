import { parsedToml } from '@bouncer-spa/bouncer/dist/core/parsed-toml.js';
import { readPlainToml } from '@bouncer-spa/bouncer/dist/core/plain-toml.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'smol-toml';

const SEED = '00'.repeat(32);
const ALICE = `# Alice's laptop.
[clients.alice]
seed = "${SEED}"
actions = ["ssh", "vpn"]
from = []
not_after = 2027-06-30
grants = 3

[clients.bob]
seed = "${SEED}"
actions = ["ssh", "vpn"]`;

describe('The reader of plain TOML', () => {
  it('reads what `bouncer client add` writes, comments and values of all kinds', () => {
    expect(readPlainToml(ALICE)).to.deep.equal(parse(ALICE));
    expect(readPlainToml(ALICE)).to.have.nested.property('clients.bob.actions[1]', 'vpn');
  });

  it('reads nothing as nothing', () => {
    expect(readPlainToml('')).to.deep.equal({});
  });

  for (const [what, toml] of [
    ['a table that is there twice', '[clients.alice]\nseed = "a"\n[clients.alice]\n'],
    ['a key that is there twice', '[clients.alice]\nseed = "a"\nseed = "b"\n'],
    ['a key before any table', 'port = 1\n'],
    ['a value that goes on in the next line', '[clients.alice]\nactions = [\n  "ssh",\n]\n'],
    ['a text that goes on in the next line', '[clients.alice]\nseed = """\n[clients.bob]\n"""\n'],
    ['a key in quotes', '[clients."alice.b"]\nseed = "a"\n'],
    ['a key with dots', '[clients.alice]\nseed.file = "a"\n'],
    ['a table in a table in a table', '[clients.alice.more]\nseed = "a"\n'],
    ['a name that every object inherits', '[clients.constructor]\nseed = "a"\n'],
    ['a section that every object inherits', '[__proto__.alice]\nseed = "a"\n'],
    ['a key that every object inherits', '[clients.alice]\n__proto__ = 1\n'],
    ['a mistake', '[clients.alice]\nseed = "a\n'],
    ['a line that ends as on Windows', '[clients.alice]\r\nseed = "a"\r\n'],
  ] as const) {
    it(`leaves to the parser ${what}`, () => {
      expect(readPlainToml(toml)).to.equal(undefined);
    });
  }

  it('never reads anything otherwise than the parser of all TOML', () => {
    const name = fc.constantFrom('alice', 'bob', '1', '-', 'a.b', 'toString', '"c"', '');
    const value = fc.oneof(
      fc.constantFrom(
        '"a"',
        '"a # b"',
        '"\\n"',
        "'a'",
        '["ssh"]',
        '["ssh", "vpn"]',
        '["ssh",]',
        '[]',
        '[["a"]]',
      ),
      fc.constantFrom(
        '"""',
        "'''",
        '[',
        ']',
        '{ a = 1 }',
        '{',
        '2027-06-30',
        '1',
        'true',
        '"',
        '"a" "b"',
        '"ü"',
        '',
      ),
      fc.string().map((text) => JSON.stringify(text)),
    );
    const line = fc.oneof(
      fc.tuple(fc.constantFrom('clients', 'b', '__proto__'), name).map(([a, b]) => `[${a}.${b}]`),
      fc.tuple(name, fc.constantFrom(' = ', '=', ' =  '), value).map((parts) => parts.join('')),
      fc.constantFrom('', '# comment', '#\u0007', ' ', '[clients]', '[[clients.alice]]', '"""', ']'),
    );
    const toml = fc
      .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'))
      .map(([lines, end]) => lines.join(end));
    let read = 0;
    fc.assert(
      fc.property(toml, (text) => {
        const plain = readPlainToml(text);
        if (plain === undefined) return;
        read++;
        expect(plain).to.deep.equal(parsedToml(text));
      }),
      { numRuns: 5_000 },
    );
    expect(read).to.be.greaterThan(100);
  });
});
