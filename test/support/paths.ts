import { fileURLToPath } from 'node:url';

/** The repository's root, seen from build/test/support. */
const ROOT = new URL('../../../', import.meta.url);

/** The absolute path of a file of the repository. */
export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

export const BOUNCER = repositoryPath('packages/bouncer/bin/bouncer.js');
export const OPENER = repositoryPath('packages/opener/bin/opener.js');
export const OPENER_SH = repositoryPath('packages/opener/opener.sh');
