#!/usr/bin/env node
// A clone has what tsc has made; the package has a bundle of it, which starts sooner.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli/main.js', import.meta.url);
await import(existsSync(built) ? built.href : '../bundle/cli/main.mjs');
