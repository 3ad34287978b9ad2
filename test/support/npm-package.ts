import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryPath } from './paths.js';

/** What npm says of a package that it has packed. */
export interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** What bouncer's package needs beside it to run. */
const NATIVE = ['cap', 'classic-level'];

/**
 * Packs a package and unpacks it below a folder, as it would be installed there.
 * @returns where it is, and what npm says of it
 */
export function unpackPackage(name: string, folder: string): Packed & { readonly at: string } {
  const args = ['pack', '--json', '-w', `packages/${name}`, '--pack-destination', folder];
  const output = execFileSync('npm', args, { cwd: repositoryPath('.'), stdio: ['ignore', 'pipe', 'pipe'] });
  const [packed] = JSON.parse(output.toString()) as [Packed];
  const at = join(folder, 'node_modules', '@bouncer-spa', name);
  mkdirSync(at, { recursive: true });
  execFileSync('tar', ['-xf', join(folder, packed.filename), '-C', at, '--strip-components=1']);
  return { ...packed, at };
}

/** Has bouncer's package, unpacked below a folder, find what it needs in the repository. */
export function lendNativeModules(folder: string): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  for (const name of NATIVE)
    symlinkSync(repositoryPath(`node_modules/${name}`), join(folder, 'node_modules', name));
}
