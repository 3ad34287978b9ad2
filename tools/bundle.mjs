/** What the packages' own `bundle.mjs` share: plain JavaScript, since `npm pack` runs it. */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

/**
 * Bundles a package for `npm pack`. With --remove on the command line, only takes away what was made before: it
 * would hide what tsc makes.
 * @param {string} folder where the bundle goes
 * @param {import('esbuild').BuildOptions[]} builds what each build has beyond what all have
 */
export async function bundle(folder, builds) {
  rmSync(folder, { recursive: true, force: true });
  if (process.argv.includes('--remove')) return;
  for (const options of builds) {
    await build({
      bundle: true,
      platform: 'node',
      target: 'node20',
      legalComments: 'eof',
      logLevel: 'warning',
      ...options,
    });
  }
}
