import { readFileSync, writeFileSync } from 'node:fs';
import { repositoryPath } from '../../test/support/paths.js';
import type { TargetName } from './target.js';

/** Inputs to begin with, in base64, one a line: what has reached something new at some time. */
function corpusFile(name: TargetName): string {
  return repositoryPath(`test/corpus/${name}.txt`);
}

export function readCorpus(name: TargetName): Buffer[] {
  const lines = readFileSync(corpusFile(name), 'latin1').split('\n');
  return lines.slice(0, -1).map((line) => Buffer.from(line, 'base64'));
}

export function writeCorpus(name: TargetName, inputs: readonly Uint8Array[]): void {
  const lines = inputs.map((input) => `${Buffer.from(input).toString('base64')}\n`);
  writeFileSync(corpusFile(name), lines.join(''));
}
