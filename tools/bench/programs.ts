import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryPath } from '../../test/support/paths.js';

/** The C programs of the benchmark, compiled: absolute paths. */
export interface Programs {
  readonly action: string;
  readonly send: string;
  readonly flood: string;
  readonly floor: string;
}

const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

/** Compiles them into a folder. */
export function compilePrograms(folder: string): Programs {
  const compile = (name: keyof Programs, before: readonly string[], after: readonly string[]): string => {
    const path = join(folder, name);
    const source = repositoryPath(`tools/bench/native/${name}.c`);
    execFileSync('gcc', [...FLAGS, ...before, '-o', path, source, ...after], { stdio: 'inherit' });
    return path;
  };
  return {
    // Static, so that the time it takes to start is that of the kernel.
    action: compile('action', ['-static'], []),
    send: compile('send', [], []),
    flood: compile('flood', [], []),
    floor: compile('floor', [], ['-lpcap']),
  };
}
