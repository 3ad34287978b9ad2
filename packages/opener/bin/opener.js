#!/usr/bin/env node
'use strict';
// The package has a bundle, which starts in half the time; a clone has what tsc has made.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const bundle = join(__dirname, '..', 'bundle', 'dist', 'opener.cjs');
if (existsSync(bundle)) require(bundle);
else import('../dist/cli/main.js');
