/**
 * Mutation testing: changes the compiled protocol and core one place at a time, and runs the unit tests that
 * reach it. What no test notices is printed at the end, and is in build/mutation/clone/reports/.
 *
 *   npm run mutation [-- protocol|core]      both take an hour and more
 *
 * In a clone of the last commit, since files are changed in their place: packages refer to each other there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { repositoryPath } from '../test/support/paths.js';

interface Part {
  readonly mutate: string;
  readonly spec: readonly string[];
}

const PARTS: Readonly<Record<string, Part>> = {
  protocol: {
    mutate: 'packages/protocol/dist/*.js',
    spec: ['packages/protocol/build/test/**/*.test.js', 'build/test/vectors.test.js'],
  },
  core: {
    mutate: 'packages/bouncer/dist/core/**/*.js',
    spec: ['packages/bouncer/build/test/**/*.test.js', 'build/test/vectors.test.js'],
  },
};

/** Milliseconds that a test may take beyond what it took before anything was changed. */
const PATIENCE = 20_000;

/** In percent: a lower score is a failure. */
const LEAST_SCORE = 90;

const clone = repositoryPath('build/mutation/clone');
rmSync(clone, { recursive: true, force: true });
execFileSync('git', ['clone', '--quiet', repositoryPath('.'), clone]);
execFileSync(process.execPath, [join(clone, 'tools/bootstrap.mjs'), '--for', 'test'], { stdio: 'inherit' });
execFileSync('npm', ['ci', '--prefix', join(clone, 'tools/mutation'), '--loglevel=error'], {
  stdio: 'inherit',
});

const names = process.argv.slice(2);
for (const name of names.length === 0 ? Object.keys(PARTS) : names) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`no part ${name}; there are ${Object.keys(PARTS).join(', ')}`);
  if (mutate(name, part) !== 0) process.exitCode = 1;
}

/** @returns Stryker's exit status */
function mutate(name: string, { mutate: mutated, spec }: Part): number | null {
  const modules = join(clone, 'tools/mutation/node_modules');
  writeFileSync(join(clone, '.mocharc.mutation.json'), JSON.stringify({ spec, timeout: 3 * PATIENCE }));
  const config = {
    mutate: [mutated],
    inPlace: true,
    testRunner: 'mocha',
    plugins: [join(modules, '@stryker-mutator/mocha-runner/dist/src/index.js')],
    mochaOptions: { config: '.mocharc.mutation.json' },
    coverageAnalysis: 'perTest',
    // What is evaluated once, when a module is loaded, would take the whole suite for each change.
    ignoreStatic: true,
    concurrency: availableParallelism(),
    timeoutMS: PATIENCE,
    thresholds: { high: 95, low: LEAST_SCORE, break: LEAST_SCORE },
    reporters: ['clear-text', 'json'],
    jsonReporter: { fileName: `reports/${name}.json` },
    clearTextReporter: { allowColor: false, logTests: false },
  };
  writeFileSync(join(clone, 'stryker.config.json'), JSON.stringify(config));
  const program = join(modules, '@stryker-mutator/core/bin/stryker.js');
  return spawnSync(process.execPath, [program, 'run'], { cwd: clone, stdio: 'inherit' }).status;
}
