import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { repositoryPath } from './support/paths.js';

/** A row of SECURITY.md that names a test. */
const ROW = /^\| ?.*? ?\| (\S+\.test\.ts) \| `(.+)` \|$/gm;

describe('What SECURITY.md promises', () => {
  const rows = Array.from(
    readFileSync(repositoryPath('SECURITY.md'), 'utf8').matchAll(ROW),
    ([, file = '', title = '']) => ({ file, title }),
  );

  it('is shown by tests', () => {
    expect(rows).to.have.length.above(40);
  });

  it('is shown by tests that are there, by the titles that it names', () => {
    const missing = rows.filter(({ file, title }) => !titlesIn(file).includes(title));
    expect(missing).to.deep.equal([]);
  });
});

/** The source of a test, with titles as they are printed. */
function titlesIn(file: string): string {
  return readFileSync(repositoryPath(file), 'utf8').replaceAll(/\\(['"`])/g, '$1');
}
