#!/usr/bin/env node
'use strict';
// A clone has what tsc has made; the package has a bundle of it, which starts in half the time.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (existsSync(join(__dirname, '..', 'dist'))) import('../dist/cli/main.js');
else require('../bundle/system/bouncer.js');
