'use strict';

/** Files named on the command line are run alone; without any, everything is. */
const named = process.argv.slice(2).some((word) => word.endsWith('.js'));

module.exports = {
  // Two files at a time: most tests wait for processes, packets and clocks.
  ...(!named && {
    spec: ['packages/*/build/test/**/*.test.js', 'build/test/**/*.test.js'],
    parallel: true,
    jobs: 2,
  }),
  timeout: 20_000,
  forbidOnly: true,
  // CI is root on a machine of its own: there, nothing has a reason to be skipped.
  forbidPending: process.env.CI === 'true',
};
