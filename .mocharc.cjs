'use strict';

/** Files named on the command line are run alone; without any, everything is. */
const named = process.argv.slice(2).some((word) => word.endsWith('.js'));

module.exports = {
  ...(!named && { spec: ['packages/*/build/test/**/*.test.js', 'build/test/**/*.test.js'] }),
  timeout: 20_000,
  forbidOnly: true,
  // CI is root on a machine of its own: there, nothing has a reason to be skipped.
  forbidPending: process.env.CI === 'true',
};
