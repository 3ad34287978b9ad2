import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createInstrumenter } from 'istanbul-lib-instrument';
import type { FileCoverageData } from 'istanbul-lib-coverage';
import { repositoryPath } from '../../test/support/paths.js';
import { Coverage } from './coverage.js';
import type { FuzzTarget, TargetName } from './target.js';

/** Where the instrumented program leaves its counters. */
const VARIABLE = '__bouncerCoverage';

/** Loads a target with all that it imports in one file, which counts what of it is reached. */
export async function loadTarget(
  name: TargetName,
): Promise<{ readonly target: FuzzTarget; readonly coverage: Coverage }> {
  const folder = repositoryPath('build/fuzz');
  const file = `${folder}/${name}.mjs`;
  const { outputFiles } = await build({
    entryPoints: [repositoryPath(`build/tools/fuzz/targets/${name}.js`)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`${name} could not be bundled`);
  const instrumenter = createInstrumenter({ esModules: true, coverageVariable: VARIABLE, compact: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, instrumenter.instrumentSync(output.text, file));
  const target = (await import(pathToFileURL(file).href)) as FuzzTarget;
  const counters = (globalThis as Record<string, unknown>)[VARIABLE] as Record<string, FileCoverageData>;
  const data = counters[file];
  if (data === undefined) throw new Error(`${name} does not count`);
  return { target, coverage: new Coverage(data) };
}
