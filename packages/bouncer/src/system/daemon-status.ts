import { resolve } from 'node:path';
import type { CaptureHistory } from '../core/capture-history.js';
import type { ClusterStatus } from '../core/cluster-status.js';
import type { DecisionTally } from '../core/decision-tally.js';
import type { GrantView } from '../core/grant-view.js';
import type { ReplayCache } from '../core/replay-cache.js';
import type { CaptureStatus, ConfigStatus, GuardStatus, Status } from '../core/status.js';
import type { ActionSlots } from './action-slots.js';
import type { CapturePlan } from './capture-plan.js';
import type { Config } from './config-file.js';

const MINUTE = 60_000;

/** What is told about the capture on one interface. */
export interface CaptureParts {
  readonly plan: CapturePlan;
  readonly history: CaptureHistory;
}

/** What a daemon's status is made of. Times are Unix times in milliseconds. */
export interface StatusParts {
  readonly version: string;
  readonly file: string;
  readonly config: Config;
  readonly loadedAt: number;
  /** What was wrong at the latest reload. */
  readonly problems: readonly string[];
  readonly startedAt: number;
  readonly uptimeSeconds: number;
  readonly captures: readonly CaptureParts[];
  readonly tally: DecisionTally;
  readonly replay: ReplayCache;
  readonly slots: ActionSlots;
  readonly guard: GuardStatus;
  readonly cluster: ClusterStatus | undefined;
  readonly grants: readonly GrantView[];
}

/** @param now Unix time in milliseconds */
export function statusOf(parts: StatusParts, now: number): Status {
  const { version, config, startedAt, uptimeSeconds, tally, replay, slots, grants } = parts;
  return {
    version,
    server: config.policy.serverId,
    pid: process.pid,
    time: timeText(now),
    started: timeText(startedAt),
    uptime_seconds: uptimeSeconds,
    config: configOf(parts),
    captures: parts.captures.map(captureOf),
    accepted: tally.acceptedInAll,
    accepted_by_action: Object.fromEntries(tally.accepted),
    rejected: Object.fromEntries(tally.rejected),
    replay_cache: {
      tags: replay.size,
      floor: replay.floor === 0 ? null : timeText(replay.floor * MINUTE),
    },
    guard: parts.guard,
    cluster: parts.cluster ?? null,
    grants: {
      live: grants.length,
      failing: grants.filter(({ state }) => state === 'failing').length,
    },
    actions: { running: slots.taken, most: config.mostRunning },
    clients: config.policy.clients.map(({ name }) => {
      const last = tally.lastOf(name);
      return {
        name,
        last_accepted: last ? { time: timeText(last.at), action: last.action, address: last.address } : null,
      };
    }),
  };
}

function configOf({ file, loadedAt, problems }: StatusParts): ConfigStatus {
  return { file: resolve(file), loaded: timeText(loadedAt), problems };
}

function captureOf({ plan, history }: CaptureParts): CaptureStatus {
  const { lastLoss } = history;
  return {
    listening: history.isListening,
    interface: plan.spec.interface,
    port: plan.spec.port,
    since: timeText(history.since),
    pid: history.pid ?? null,
    filter_from: timeText(plan.filter.firstMinute * MINUTE),
    filter_until: timeText((plan.filter.lastMinute + 1) * MINUTE),
    losses: history.losses,
    last_loss: lastLoss ? { time: timeText(lastLoss.at), reason: lastLoss.reason } : null,
    dropped: history.dropped,
    refused: Object.fromEntries(history.refused),
  };
}

function timeText(unix: number): string {
  return new Date(unix).toISOString();
}
