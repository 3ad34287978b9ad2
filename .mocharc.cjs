'use strict';

module.exports = {
  spec: ['packages/*/build/test/**/*.test.js', 'build/test/**/*.test.js'],
  timeout: 20_000,
  forbidOnly: true,
  // CI is root on a machine of its own: there, nothing has a reason to be skipped.
  forbidPending: process.env.CI === 'true',
};
