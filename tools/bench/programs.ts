import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { lendNativeModules, unpackPackage } from '../../test/support/npm-package.js';
import { repositoryPath } from '../../test/support/paths.js';

/** What is measured and what measures: absolute paths. */
export interface Programs {
  readonly action: string;
  readonly send: string;
  readonly flood: string;
  readonly floor: string;
  /** Those of the npm packages, which is how people have them. */
  readonly bouncer: string;
  readonly opener: string;
}

const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

/** Compiles what is written in C, and unpacks the packages, below a folder. */
export function preparePrograms(folder: string): Programs {
  const compile = (name: string, before: readonly string[], after: readonly string[]): string => {
    const path = join(folder, name);
    const source = repositoryPath(`tools/bench/native/${name}.c`);
    execFileSync('gcc', [...FLAGS, ...before, '-o', path, source, ...after], { stdio: 'inherit' });
    return path;
  };
  lendNativeModules(folder);
  return {
    // Static, so that the time it takes to start is that of the kernel.
    action: compile('action', ['-static'], []),
    send: compile('send', [], []),
    flood: compile('flood', [], []),
    floor: compile('floor', [], ['-lpcap']),
    bouncer: join(unpackPackage('bouncer', folder).at, 'bin', 'bouncer.js'),
    opener: join(unpackPackage('opener', folder).at, 'bin', 'opener.js'),
  };
}
