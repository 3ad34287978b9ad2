import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryPath } from '../../test/support/paths.js';

/** Names of files that may hold the licence of a package. */
const LICENCE_FILES = /^(licen[cs]e|copying|notice)/i;

/**
 * The licences of all that is in the package, one behind the other.
 * @param library the folder with `node_modules`
 * @param ofNode the licence of Node.js and what is in it
 */
export function copyrightText(library: string, ofNode: string): string {
  const modules = join(library, 'node_modules');
  const parts = packagesIn(modules)
    .filter((name) => !name.startsWith('@bouncer-spa/'))
    .map((name) => part(name, licenceOf(join(modules, name))));
  const own = part('bouncer and opener', readFileSync(repositoryPath('LICENSE'), 'utf8'));
  return [own, part('Node.js, in /usr/lib/bouncer/bin', ofNode), ...parts].join('\n');
}

function part(name: string, text: string): string {
  return `${name}\n${'='.repeat(name.length)}\n\n${text.trim()}\n`;
}

function packagesIn(modules: string): string[] {
  return readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

/** The text in the package's folder, or the name of the licence where there is no more. */
function licenceOf(folder: string): string {
  const files = readdirSync(folder).filter((name) => LICENCE_FILES.test(name));
  if (files.length > 0) return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return 'see there';
  const { license } = JSON.parse(readFileSync(manifest, 'utf8')) as { license?: unknown };
  return `Licence: ${JSON.stringify(license)}`;
}
