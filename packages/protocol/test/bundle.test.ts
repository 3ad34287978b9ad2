import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { gateKey, ProtocolError, seed } from '@bouncer-spa/protocol';
import {
  bundleProfile,
  isBundle,
  openBundle,
  readBundle,
  sealBundle,
  sealBundleWith,
  writeBundle,
  type Bundle,
  type BundleFault,
} from '@bouncer-spa/protocol/bundle';

/** A case of test/vectors/bundle.json. Byte strings are hexadecimal. */
interface PositiveCase {
  readonly name: string;
  readonly gateKey: string;
  readonly seed: string;
  readonly profile: string;
  readonly passphrase?: string;
  readonly salt?: string;
  readonly iv?: string;
  readonly uri: string;
}

/** A case of test/vectors/bundle-negative.json. */
interface NegativeCase {
  readonly name: string;
  readonly fault: BundleFault;
  readonly passphrase: string;
  readonly uri: string;
}

function cases(name: string): unknown {
  const file = new URL(`../../../../test/vectors/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: unknown }).cases;
}

const positive = cases('bundle') as readonly PositiveCase[];
const negative = cases('bundle-negative') as readonly NegativeCase[];

function hex(text = ''): Buffer {
  return Buffer.from(text, 'hex');
}

function bundleOf(of: Pick<PositiveCase, 'gateKey' | 'seed' | 'profile'>): Bundle {
  return { gateKey: gateKey(hex(of.gateKey)), seed: seed(hex(of.seed)), profile: of.profile };
}

/** Reads a bundle, and opens it if it is sealed. */
function open(uri: string, passphrase = ''): Bundle | BundleFault {
  const read = readBundle(uri);
  return typeof read === 'object' && 'salt' in read ? openBundle(read, passphrase) : read;
}

describe('a bundle', () => {
  const [plain] = positive;
  if (plain === undefined) throw new Error('there are no vectors');

  for (const vector of positive) {
    it(`is what the independent generator made: ${vector.name}`, () => {
      const { passphrase, salt, iv, uri } = vector;
      const bundle = bundleOf(vector);
      const made =
        passphrase === undefined
          ? writeBundle(bundle)
          : sealBundleWith(bundle, passphrase, { salt: hex(salt), iv: hex(iv) });
      expect(made).to.equal(uri);
      expect(open(uri, passphrase)).to.deep.equal(bundle);
    });
  }

  for (const { name, fault, passphrase, uri } of negative) {
    it(`is refused because of its ${fault}: ${name}`, () => {
      expect(open(uri, passphrase)).to.equal(fault);
    });
  }

  it('covers each fault with a vector', () => {
    const faults = ['scheme', 'encoding', 'form', 'length', 'check', 'profile', 'passphrase'];
    expect([...new Set(negative.map(({ fault }) => fault))]).to.have.members(faults);
  });

  it('may be broken into lines, indented, and have its scheme in capitals', () => {
    const lines = plain.uri.replace('bouncer:', 'BOUNCER:').match(/.{1,40}/g) ?? [];
    const text = `  ${lines.join('\r\n\t')}\n`;
    expect(isBundle(text)).to.be.true;
    expect(open(text)).to.deep.equal(bundleOf(plain));
  });

  it('may be as long with white space as 4096 characters, and no longer', () => {
    const text = plain.uri.padEnd(4_096, ' ');
    expect(open(text)).to.deep.equal(bundleOf(plain));
    expect(open(`${text} `)).to.equal('length');
  });

  it('keeps a byte order mark of its profile, and one byte of padding if that is all it needs', () => {
    // Secrets and profile are one byte less than whole blocks.
    const bundle = { ...bundleOf(plain), profile: '\ufeffhost = "a"\n\n' };
    expect(Buffer.byteLength(bundle.profile) % 16).to.equal(15);
    expect(open(sealBundle(bundle, 'a'), 'a')).to.deep.equal(bundle);
  });

  it('is not taken for one without its scheme', () => {
    expect(isBundle('host = "bouncer:"')).to.be.false;
  });

  it('becomes a profile with its secrets first, before any table', () => {
    expect(bundleProfile(bundleOf(plain))).to.equal(
      `gate_key = "${plain.gateKey}"\nseed = "${plain.seed}"\n${plain.profile}`,
    );
  });

  it('is sealed with another salt and IV each time', () => {
    const [one, two] = [0, 1].map(() => readBundle(sealBundle(bundleOf(plain), 'a')));
    if (typeof one !== 'object' || typeof two !== 'object') throw new Error('refused');
    if (!('salt' in one && 'salt' in two)) throw new Error('not sealed');
    expect(one.salt).to.not.deep.equal(two.salt);
    expect(one.iv).to.not.deep.equal(two.iv);
  });

  for (const [what, profile] of [
    ['empty', ''],
    ['longer than 1024 bytes', 'ä'.repeat(513)],
  ] as const) {
    it(`is not made of a profile that is ${what}`, () => {
      expect(() => writeBundle({ ...bundleOf(plain), profile })).to.throw(
        ProtocolError,
        `profile expected 1 to 1024 bytes, got ${Buffer.byteLength(profile)}`,
      );
    });
  }

  it('is not sealed with an empty passphrase', () => {
    expect(() => sealBundle(bundleOf(plain), '')).to.throw(ProtocolError, 'passphrase');
  });
});
