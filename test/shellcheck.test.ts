import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { OPENER_SH, repositoryPath } from './support/paths.js';

describe('shellcheck finds nothing', () => {
  const recipes = readdirSync(repositoryPath('configs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`)
    .filter((path) => readFileSync(path, 'utf8').startsWith('#!/bin/sh'));

  for (const path of [OPENER_SH, repositoryPath('.ci/run'), ...recipes]) {
    it(`in ${path.slice(repositoryPath('').length)}`, () => {
      const { status, stdout } = spawnSync('shellcheck', [path], { encoding: 'utf8' });
      expect(stdout).to.equal('');
      expect(status).to.equal(0);
    });
  }
});
