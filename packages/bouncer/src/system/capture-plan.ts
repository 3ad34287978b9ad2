import type { Minute } from '@bouncer-spa/protocol';
import type { CaptureSpec } from '../capture/capture-spec.js';
import { captureFilter, filterCovers, type CaptureFilter } from '../core/capture-filter.js';
import type { Config } from './config-file.js';

/** A capture on one interface, as a config wants it at some moment. */
export interface CapturePlan {
  readonly spec: CaptureSpec;
  /** K_gate of the gates in the filter. */
  readonly gate: Uint8Array;
  readonly filter: CaptureFilter;
}

/** A plan for each interface. */
export function planCaptures({ policy, capture }: Config, now: Minute): readonly CapturePlan[] {
  const { backend, interfaces, destination, port, user } = capture;
  const filter = captureFilter(policy, port, now);
  const { expression, gates } = filter;
  const common = { backend, destination, port, filter: expression, gates, uid: user.uid, gid: user.gid };
  return interfaces.map((name) => ({ spec: { interface: name, ...common }, gate: policy.gate, filter }));
}

/** Whether a capture that was started by the plan does for a config, now and for some minutes. */
export function planServes({ spec, gate, filter }: CapturePlan, config: Config, now: Minute): boolean {
  const { policy, capture } = config;
  return (
    spec.backend === capture.backend &&
    spec.destination?.join() === capture.destination?.join() &&
    spec.port === capture.port &&
    spec.uid === capture.user.uid &&
    spec.gid === capture.user.gid &&
    Buffer.compare(gate, policy.gate) === 0 &&
    filterCovers(filter, now, policy.delta)
  );
}
