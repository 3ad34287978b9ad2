/**
 * Runs the suite on several versions of Node.js, each in a clone of the last commit. They come from npm, where
 * the Node.js project's own builds are packages.
 *
 *   npm run test:nodes [-- VERSION... [--grep TEXT]]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryPath } from '../test/support/paths.js';
import { environmentOf, fetchNode } from './node-build.js';

const VERSIONS = ['20', '22', '24', '26'];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { grep: { type: 'string' } } });

for (const version of positionals.length === 0 ? VERSIONS : positionals) {
  const folder = repositoryPath(`build/nodes/${version}`);
  rmSync(folder, { recursive: true, force: true });
  const node = fetchNode(version, folder);
  const { passed, log, summary } = runSuite(node, folder);
  console.log(`${summary} (${log})`);
  if (!passed) process.exitCode = 1;
}

function runSuite(
  node: string,
  folder: string,
): { readonly passed: boolean; readonly log: string; readonly summary: string } {
  const clone = join(folder, 'clone');
  execFileSync('git', ['clone', '--quiet', repositoryPath('.'), clone]);
  const log = join(folder, 'log');
  const output = openSync(log, 'w');
  const { status } = spawnSync(
    'npm',
    ['test', ...(values.grep === undefined ? [] : ['--', '--grep', values.grep])],
    {
      cwd: clone,
      env: environmentOf(node),
      stdio: ['ignore', output, output],
    },
  );
  const name = execFileSync(join(node, 'bin/node'), ['--version'], { encoding: 'utf8' }).trim();
  const counts = readFileSync(log, 'utf8').match(/^ {2}\d+ (?:passing|failing|pending)/gm) ?? ['nothing ran'];
  const summary = `Node.js ${name}: ${counts.map((line) => line.trim()).join(', ')}`;
  return { passed: status === 0, log, summary };
}
