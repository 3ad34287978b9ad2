import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { repositoryPath } from '../../test/support/paths.js';

const PACKAGES = ['protocol', 'bouncer', 'opener'] as const;

/** What packages have that is needed to build them only, as patterns of paths below node_modules. */
const BUILT_FROM = [
  /^nan(\/|$)/,
  // Programs of dependencies, and what only their makers look at.
  /^(?!@bouncer-spa\/).*\/(bin|bin\.js|build-test\.js|optional\.js)$/,
  /(^|\/)\.[^/]+$/,
  /\.(sh|yml)$/,
  /^moment\/(src|ts|min)(\/|$)/,
  /^(cap|raw-socket)\/(deps|src|test|examples?)(\/|$)/,
  /^(cap|raw-socket)\/.*\.(cc|h|gyp|gypi)$/,
  /\.musl\.node$/,
  /\/build\/(?!Release(\/[^/]+\.node)?$)/,
  /^classic-level\/(deps|binding\.(cc|gyp)|src)(\/|$)/,
  new RegExp(`^classic-level/prebuilds/(?!linux-${process.arch}(/|$))`),
  // For those who check types, which dependencies name as optional.
  /^typescript(\/|$)/,
  /\.d\.[cm]?ts$/,
  /\.map$/,
];

/** What starts the programs, in place of whatever Node.js is found first. */
const INTERPRETER = '#!/usr/lib/bouncer/bin/node\n';

/**
 * Installs the packages as npm has them, with their dependencies as the lock file has them.
 * @param library the folder that gets `node_modules`
 * @param stage a folder to work in
 * @param environment that of the Node.js that native code is built for
 */
export function installProgram(library: string, stage: string, environment: NodeJS.ProcessEnv): void {
  mkdirSync(stage, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) cpSync(repositoryPath(name), join(stage, name));
  for (const name of PACKAGES) {
    const file = `packages/${name}/package.json`;
    cpSync(repositoryPath(file), join(stage, file));
  }
  execFileSync('npm', ['ci', '--omit=dev', '--loglevel=error'], {
    cwd: stage,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const modules = join(stage, 'node_modules');
  for (const name of PACKAGES) {
    const place = join(modules, '@bouncer-spa', name);
    rmSync(place);
    mkdirSync(place);
    const pack = ['pack', '--json', '--pack-destination', stage, '--workspace', `packages/${name}`];
    const output = execFileSync('npm', pack, { cwd: repositoryPath('.'), encoding: 'utf8' });
    const [packed] = JSON.parse(output) as { filename: string }[];
    if (packed === undefined) throw new Error(`${name} could not be packed`);
    execFileSync('tar', ['-xzf', join(stage, packed.filename), '-C', place, '--strip-components=1']);
    nestDependencies(join(stage, 'packages', name, 'node_modules'), join(place, 'node_modules'));
  }
  for (const name of ['bouncer', 'opener']) {
    const program = join(modules, '@bouncer-spa', name, 'bin', `${name}.js`);
    writeFileSync(program, readFileSync(program, 'utf8').replace(/^#!.*\n/, INTERPRETER));
    chmodSync(program, 0o755);
  }
  prune(modules, '');
  renameSync(modules, join(library, 'node_modules'));
}

/** Dependencies that npm could not put beside those of the others. */
function nestDependencies(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function prune(modules: string, path: string): void {
  for (const entry of readdirSync(join(modules, path), { withFileTypes: true })) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`;
    if (BUILT_FROM.some((pattern) => pattern.test(below))) {
      rmSync(join(modules, below), { recursive: true });
    } else if (entry.isDirectory()) prune(modules, below);
    else if (entry.name.endsWith('.node')) {
      execFileSync('strip', ['--strip-unneeded', join(modules, below)]);
      chmodSync(join(modules, below), 0o644);
    }
  }
}
