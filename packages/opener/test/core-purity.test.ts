import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const CORE = fileURLToPath(import.meta.resolve('@bouncer-spa/opener/src/core/'));
const ALLOWED = ['@bouncer-spa/protocol', '@bouncer-spa/protocol/bundle', 'ipaddr.js', 'node:path'];

describe('the core', () => {
  for (const name of readdirSync(CORE)) {
    // Comments may name what code may not.
    const code = readFileSync(join(CORE, name), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');

    it(`imports nothing that acts on the world, in ${name}`, () => {
      const imports = [...code.matchAll(/(?:from |import\(?\s*)'([^']+)'/g)].map(([, from]) => from ?? '');
      for (const from of imports) expect(from.startsWith('./') ? './' : from).to.be.oneOf(['./', ...ALLOWED]);
    });

    it(`asks no clock, no randomness and no process, in ${name}`, () => {
      expect(code).to.not.match(
        /Date\.now|new Date\(\)|performance|Math\.random|randomBytes|\bseal\b|process\.|require\(/,
      );
    });
  }
});
