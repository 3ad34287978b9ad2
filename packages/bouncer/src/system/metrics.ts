import { Counter, Gauge, Registry } from 'prom-client';
import type { CaptureStatus, Status } from '../core/status.js';

/** What the text is to be called in HTTP. */
export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** A number for each value of a label, or of some together. */
type Values<Label extends string> = readonly (readonly [Readonly<Record<Label, string>>, number])[];

/** The status in the words of Prometheus (docs/control.md). */
export function metricsText(status: Status): Promise<string> {
  const registry = new Registry();
  const { captures, config, replay_cache: replay, actions } = status;

  function gauge(name: string, help: string, value: number): void {
    new Gauge({ name, help, registers: [registry] }).set(value);
  }
  function gauges<Label extends string>(
    name: string,
    help: string,
    label: Label,
    values: Values<Label>,
  ): void {
    const metric = new Gauge({ name, help, labelNames: [label], registers: [registry] });
    for (const [labels, value] of values) metric.set(labels, value);
  }
  function counters<Label extends string>(
    name: string,
    help: string,
    label: Label | readonly Label[],
    values: Values<Label>,
  ): void {
    const labelNames = [label].flat() as Label[];
    const metric = new Counter({ name, help, labelNames, registers: [registry] });
    for (const [labels, value] of values) metric.inc(labels, value);
  }

  gauges('bouncer_info', 'Always 1', 'version', [[{ version: status.version }, 1]]);
  gauge('bouncer_start_time_seconds', 'When the daemon was started', secondsOf(status.started));
  gauge('bouncer_config_load_time_seconds', 'When the config was read', secondsOf(config.loaded));
  gauge(
    'bouncer_config_last_reload_successful',
    'Whether the latest reload worked',
    Number(config.problems.length === 0),
  );
  counters(
    'bouncer_accepted_total',
    'Accepted packets',
    'action',
    Object.entries(status.accepted_by_action).map(([action, count]) => [{ action }, count]),
  );
  counters(
    'bouncer_rejected_total',
    'Datagrams that were not accepted',
    'reason',
    Object.entries(status.rejected).map(([reason, count]) => [{ reason }, count]),
  );
  gauges(
    'bouncer_client_last_accepted_time_seconds',
    'When a packet of the client was accepted last',
    'client',
    status.clients.flatMap(({ name, last_accepted: last }) =>
      last === null ? [] : [[{ client: name }, secondsOf(last.time)] as const],
    ),
  );
  const perCapture = (valueOf: (capture: CaptureStatus) => number): Values<'interface'> =>
    captures.map((capture) => [{ interface: capture.interface }, valueOf(capture)]);
  gauges(
    'bouncer_capture_listening',
    'Whether packets are captured',
    'interface',
    perCapture(({ listening }) => Number(listening)),
  );
  gauges(
    'bouncer_capture_since_seconds',
    'Since when the capture is as it is',
    'interface',
    perCapture(({ since }) => secondsOf(since)),
  );
  counters(
    'bouncer_capture_losses_total',
    'How often the capture was lost',
    'interface',
    perCapture(({ losses }) => losses),
  );
  counters(
    'bouncer_capture_dropped_total',
    'Datagrams that arrived faster than they could be judged',
    'interface',
    perCapture(({ dropped }) => dropped),
  );
  counters(
    'bouncer_capture_refused_total',
    'Frames with nothing to judge',
    ['interface', 'fault'],
    captures.flatMap(({ interface: name, refused }) =>
      Object.entries(refused).map(([fault, count]) => [{ interface: name, fault }, count] as const),
    ),
  );
  gauge('bouncer_replay_cache_tags', 'Tags of accepted packets that are remembered', replay.tags);
  if (replay.floor !== null) {
    gauge(
      'bouncer_replay_cache_floor_seconds',
      'Nothing sealed before this is accepted',
      secondsOf(replay.floor),
    );
  }
  gauge('bouncer_actions_running', 'Actions that run now', actions.running);
  gauge(
    'bouncer_guard_failing',
    'Whether the guard cannot be kept in place',
    Number(status.guard.state === 'failing'),
  );
  if (status.cluster !== null) {
    const { state, members, behind, round_trip_ms: milliseconds } = status.cluster;
    gauge('bouncer_cluster_trusted', "Whether the cluster's store is relied on", Number(state === 'trusted'));
    gauge('bouncer_cluster_store_reached', "Whether the cluster's store answers", Number(state !== 'away'));
    gauge('bouncer_cluster_behind', 'Changes of grants that this gateway has not seen yet', behind);
    if (milliseconds !== null) {
      const help = "How long the latest look at the cluster's store took";
      gauge('bouncer_cluster_round_trip_seconds', help, milliseconds / 1_000);
    }
    gauges(
      'bouncer_cluster_member_silent_seconds',
      'Since when another gateway was not heard of',
      'member',
      members.map(({ id, silent_seconds: silent }) => [{ member: id }, silent]),
    );
    gauges(
      'bouncer_cluster_member_behind',
      'Changes of grants that another gateway has not seen yet',
      'member',
      members.map(({ id, behind: changes }) => [{ member: id }, changes]),
    );
  }
  gauge('bouncer_grants', 'Grants that are not closed yet', status.grants.live);
  gauge('bouncer_grants_failing', 'Grants that something fails for', status.grants.failing);
  return registry.metrics();
}

function secondsOf(time: string): number {
  return Date.parse(time) / 1_000;
}
