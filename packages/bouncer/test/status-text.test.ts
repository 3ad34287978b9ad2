import { expect } from 'chai';
import { spanText } from '@bouncer-spa/bouncer/dist/cli/span.js';
import { statusText } from '@bouncer-spa/bouncer/dist/cli/status-text.js';
import { coloured, plain, styleOf } from '@bouncer-spa/bouncer/dist/cli/style.js';
import { metricsText } from '@bouncer-spa/bouncer/dist/system/metrics.js';
import { STATUS } from './status-sample.js';

const TEXT = `bouncer       0.1.0, process 4711, up 2h 3m
server        gw1.example.net
config        /etc/bouncer/bouncer.toml, read 1h ago
              /etc/bouncer/bouncer.toml: capture.port: is missing
capture       listening on any, udp port 51324 for 5m 10s
              lost 2 times, last 5m 10s ago: eth0 went away
              3 datagrams dropped: they came too fast
              frames refused: 1 (fragment 1)
accepted      5
rejected      12 (gate 10, replay 2)
actions       1 running, at most 16
guard         in place
cluster       2 other gateways, store relied on for 2h
              gw2 (0123456789abcdef), heard of 1s ago
              gw3 (fedcba9876543210), heard of 1m 15s ago, 2 changes of grants behind
grants        3, 1 failing: see bouncer grants
replay cache  4 packets, nothing from before 2027-01-01T11:56:00.000Z

CLIENT       LAST ACCEPTED        ACTION  ADDRESS
alice        30s ago              ssh     2001:db8::7
bob-at-work  not since the start
`;

describe('The status', () => {
  it('is shown in aligned columns', () => {
    expect(statusText(STATUS, plain)).to.equal(TEXT);
  });

  it('is the same in colour, but for the colours', () => {
    const text = statusText(STATUS, coloured);
    expect(text).to.include('\x1b[32mlistening on any');
    expect(text.replaceAll(/\x1b\[\d+m/g, '')).to.equal(TEXT);
  });

  it('says in red that nobody listens', () => {
    const captures = STATUS.captures.map((capture) => ({ ...capture, listening: false, pid: null }));
    const text = statusText({ ...STATUS, captures }, coloured);
    expect(text).to.include('\x1b[31mnot listening on any, udp port 51324 for 5m 10s\x1b[0m');
  });

  for (const [guard, cell] of [
    [{ state: 'none' }, 'closes nothing'],
    [{ state: 'trial', seconds: 90 }, 'on trial for 1m 30s more: bouncer confirm keeps it'],
    [{ state: 'lifted', closed: [] }, 'its trial was not confirmed: nothing is closed'],
    [
      { state: 'lifted', closed: ['tcp/22', 'udp/53'] },
      'its trial was not confirmed: closed as before are tcp/22, udp/53',
    ],
    [
      { state: 'failing', since: '2027-01-01T11:58:00.000Z', reason: 'nft is missing' },
      'failing for 2m: nft is missing',
    ],
  ] as const) {
    it(`says of a guard that is ${guard.state}: ${cell}`, () => {
      expect(statusText({ ...STATUS, guard }, plain)).to.include(`guard         ${cell}\n`);
    });
  }

  it('has no line about a cluster for a gateway that is alone', () => {
    expect(statusText({ ...STATUS, cluster: null }, plain)).to.not.include('cluster');
  });

  for (const [state, onFailure, cell] of [
    ['away', 'closed', 'store cannot be reached for 2h: ECONNREFUSED; nothing is accepted'],
    ['waiting', 'local', 'store cannot be relied on for 2h: ECONNREFUSED; packets are checked here alone'],
  ] as const) {
    it(`says of a cluster that is ${state}: ${cell}`, () => {
      const since = '2027-01-01T10:00:00.000Z';
      const [round_trip_ms, behind] = [null, 0];
      const reason = 'ECONNREFUSED';
      const cluster = { state, since, reason, on_failure: onFailure, round_trip_ms, behind, members: [] };
      const text = statusText({ ...STATUS, cluster }, coloured);
      expect(text).to.include(`\x1b[31m${cell}\x1b[0m\n`);
    });
  }

  it('is coloured only on a terminal whose user has not declined', () => {
    const terminal = { isTTY: true };
    expect(styleOf(terminal, { TERM: 'xterm' })).to.equal(coloured);
    expect(styleOf(terminal, { TERM: 'xterm', NO_COLOR: '' })).to.equal(coloured);
    expect(styleOf(terminal, { TERM: 'xterm', NO_COLOR: '1' })).to.equal(plain);
    expect(styleOf(terminal, { TERM: 'dumb' })).to.equal(plain);
    expect(styleOf({}, { TERM: 'xterm' })).to.equal(plain);
  });
});

describe('A span of time', () => {
  for (const [seconds, text] of [
    [0, '0s'],
    [-3, '0s'],
    [0.4, '0s'],
    [59, '59s'],
    [60, '1m'],
    [61, '1m 1s'],
    [3_600, '1h'],
    [3_601, '1h'],
    [3_660, '1h 1m'],
    [90_000, '1d 1h'],
    [86_400 * 400, '400d'],
  ] as const) {
    it(`of ${seconds} seconds is "${text}"`, () => {
      expect(spanText(seconds)).to.equal(text);
    });
  }
});

describe('The metrics', () => {
  it('tell the status in the words of Prometheus', async () => {
    const lines = (await metricsText(STATUS))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).to.deep.equal([
      'bouncer_info{version="0.1.0"} 1',
      'bouncer_start_time_seconds 1798797420',
      'bouncer_config_load_time_seconds 1798801200',
      'bouncer_config_last_reload_successful 0',
      'bouncer_accepted_total{action="ssh"} 5',
      'bouncer_rejected_total{reason="replay"} 2',
      'bouncer_rejected_total{reason="gate"} 10',
      'bouncer_client_last_accepted_time_seconds{client="alice"} 1798804770',
      'bouncer_capture_listening{interface="any"} 1',
      'bouncer_capture_since_seconds{interface="any"} 1798804490',
      'bouncer_capture_losses_total{interface="any"} 2',
      'bouncer_capture_dropped_total{interface="any"} 3',
      'bouncer_capture_refused_total{interface="any",fault="fragment"} 1',
      'bouncer_replay_cache_tags 4',
      'bouncer_replay_cache_floor_seconds 1798804560',
      'bouncer_actions_running 1',
      'bouncer_guard_failing 0',
      'bouncer_cluster_trusted 1',
      'bouncer_cluster_store_reached 1',
      'bouncer_cluster_behind 0',
      'bouncer_cluster_round_trip_seconds 0.0015',
      'bouncer_cluster_member_silent_seconds{member="0123456789abcdef"} 1',
      'bouncer_cluster_member_silent_seconds{member="fedcba9876543210"} 75',
      'bouncer_cluster_member_behind{member="0123456789abcdef"} 0',
      'bouncer_cluster_member_behind{member="fedcba9876543210"} 2',
      'bouncer_grants 3',
      'bouncer_grants_failing 1',
    ]);
  });
});
