import type { ClusterStatus } from './cluster-status.js';
import type { RejectReason } from './verdict.js';

/** The daemon's state as `GET /status` tells it (docs/control.md). Times are ISO 8601, UTC. */
export interface Status {
  readonly version: string;
  readonly server: string;
  readonly pid: number;
  /** When this was told. */
  readonly time: string;
  readonly started: string;
  readonly uptime_seconds: number;
  readonly config: ConfigStatus;
  /** One for each interface. */
  readonly captures: readonly CaptureStatus[];
  /** Since the start. */
  readonly accepted: number;
  /** Since the start; actions of the config only. */
  readonly accepted_by_action: Readonly<Record<string, number>>;
  /** Since the start; reasons that occurred. */
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
  readonly replay_cache: {
    /** Tags of accepted packets. */
    readonly tags: number;
    /** Nothing sealed before is accepted; `null` if nothing was accepted yet. */
    readonly floor: string | null;
  };
  readonly actions: { readonly running: number; readonly most: number };
  readonly guard: GuardStatus;
  /** `null` if this gateway is alone. */
  readonly cluster: ClusterStatus | null;
  /** Grants that are not closed yet, and how many of them fail in something. */
  readonly grants: { readonly live: number; readonly failing: number };
  /** Every client of the config. */
  readonly clients: readonly ClientStatus[];
}

/** What has become of the guard. */
export type GuardStatus =
  /** The config closes nothing. */
  | { readonly state: 'none' }
  | { readonly state: 'closed' }
  /** Closed, but only for so many seconds more, unless it is confirmed. */
  | { readonly state: 'trial'; readonly seconds: number }
  /** The trial ended without being confirmed: closed is what was closed before, which may be nothing. */
  | { readonly state: 'lifted'; readonly closed: readonly string[] }
  /** Tried again until it works. */
  | { readonly state: 'failing'; readonly since: string; readonly reason: string };

export interface ConfigStatus {
  readonly file: string;
  readonly loaded: string;
  /** What was wrong at the latest reload; empty if it worked. */
  readonly problems: readonly string[];
}

export interface CaptureStatus {
  readonly listening: boolean;
  readonly interface: string;
  readonly port: number;
  /** Since when it is as it is. */
  readonly since: string;
  /** Process that listens. */
  readonly pid: number | null;
  /** First and last moment whose packets the kernel's filter lets through. */
  readonly filter_from: string;
  readonly filter_until: string;
  /** How often it was lost, or could not be opened. */
  readonly losses: number;
  readonly last_loss: { readonly time: string; readonly reason: string } | null;
  /** Datagrams that arrived faster than they could be judged. */
  readonly dropped: number;
  /** Frames with nothing to judge, by fault. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface ClientStatus {
  readonly name: string;
  readonly last_accepted: { readonly time: string; readonly action: string; readonly address: string } | null;
}
