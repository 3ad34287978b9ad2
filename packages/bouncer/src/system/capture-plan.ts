import type { Minute } from '@bouncer-spa/protocol';
import type { CaptureSpec } from '../capture/capture-spec.js';
import { captureFilter, filterCovers, type CaptureFilter } from '../core/capture-filter.js';
import type { Config } from './config-file.js';

/** A capture as a config wants it at some moment. */
export interface CapturePlan {
  readonly spec: CaptureSpec;
  readonly port: number;
  /** K_gate of the gates in the filter. */
  readonly gate: Uint8Array;
  readonly filter: CaptureFilter;
}

export function planCapture({ policy, capture }: Config, now: Minute): CapturePlan {
  const filter = captureFilter(policy, capture.port, now);
  return {
    spec: {
      interface: capture.interface,
      filter: filter.expression,
      uid: capture.user.uid,
      gid: capture.user.gid,
    },
    port: capture.port,
    gate: policy.gate,
    filter,
  };
}

/** Whether a capture that was started by the plan does for a config, now and for some minutes. */
export function planServes(plan: CapturePlan, { policy, capture }: Config, now: Minute): boolean {
  return (
    plan.port === capture.port &&
    plan.spec.interface === capture.interface &&
    plan.spec.uid === capture.user.uid &&
    plan.spec.gid === capture.user.gid &&
    Buffer.compare(plan.gate, policy.gate) === 0 &&
    filterCovers(plan.filter, now, policy.delta)
  );
}
