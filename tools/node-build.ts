import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Fetches a build of the Node.js project, which npm has as a package.
 * @param version such as `24`, for the latest of that line
 * @returns its folder, with `bin/node`, headers and licence
 */
export function fetchNode(version: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const name = `node-${process.platform}-${process.arch}@${version}`;
  const argv = ['pack', '--json', '--pack-destination', folder, name];
  const [packed] = JSON.parse(execFileSync('npm', argv, { encoding: 'utf8' })) as { filename: string }[];
  if (packed === undefined) throw new Error(`npm has no ${name}`);
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  return join(folder, 'package');
}

/** The environment in which programs are run by a Node.js, and native code is built for it. */
export function environmentOf(node: string): NodeJS.ProcessEnv {
  const path = `${join(node, 'bin')}:${process.env['PATH'] ?? ''}`;
  return { ...process.env, PATH: path, npm_config_nodedir: node };
}
