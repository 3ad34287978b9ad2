import type { Status } from '@bouncer-spa/bouncer/dist/core/status.js';

/** A status with something in each of its fields. */
export const STATUS: Status = {
  version: '0.1.0',
  server: 'gw1.example.net',
  pid: 4711,
  time: '2027-01-01T12:00:00.000Z',
  started: '2027-01-01T09:57:00.000Z',
  uptime_seconds: 7_380,
  config: {
    file: '/etc/bouncer/bouncer.toml',
    loaded: '2027-01-01T11:00:00.000Z',
    problems: ['/etc/bouncer/bouncer.toml: capture.port: is missing'],
  },
  captures: [
    {
      listening: true,
      interface: 'any',
      port: 51_324,
      since: '2027-01-01T11:54:50.000Z',
      pid: 4712,
      filter_from: '2027-01-01T11:58:00.000Z',
      filter_until: '2027-01-01T13:03:00.000Z',
      losses: 2,
      last_loss: { time: '2027-01-01T11:54:50.000Z', reason: 'eth0 went away' },
      dropped: 3,
      refused: { fragment: 1 },
    },
  ],
  accepted: 5,
  accepted_by_action: { ssh: 5 },
  rejected: { replay: 2, gate: 10 },
  replay_cache: { tags: 4, floor: '2027-01-01T11:56:00.000Z' },
  actions: { running: 1, most: 16 },
  guard: { state: 'closed' },
  cluster: {
    state: 'trusted',
    since: '2027-01-01T10:00:00.000Z',
    reason: null,
    on_failure: 'closed',
    round_trip_ms: 1.5,
    behind: 0,
    members: [
      { id: '0123456789abcdef', name: 'gw2', silent_seconds: 1, behind: 0 },
      { id: 'fedcba9876543210', name: 'gw3', silent_seconds: 75, behind: 2 },
    ],
  },
  grants: { live: 3, failing: 1 },
  clients: [
    {
      name: 'alice',
      last_accepted: { time: '2027-01-01T11:59:30.000Z', action: 'ssh', address: '2001:db8::7' },
    },
    { name: 'bob-at-work', last_accepted: null },
  ],
};
