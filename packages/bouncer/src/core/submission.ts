import { formatAddress } from './address.js';
import { REASON_TEXT, type RejectReason, type Verdict } from './verdict.js';

/** What became of a packet that was handed in, as `POST /submit` tells it (docs/control.md). */
export type Submission =
  | {
      readonly decision: 'accept';
      readonly client: string;
      readonly action: string;
      /** The address acted for. */
      readonly address: string;
      /** Seconds; 0 if the action has no duration. */
      readonly duration: number;
    }
  | {
      readonly decision: 'reject';
      readonly reason: RejectReason;
      /** The reason as half a sentence. */
      readonly text: string;
    };

export function submissionOf(verdict: Verdict): Submission {
  if (!verdict.accepted) {
    const { reason } = verdict;
    return { decision: 'reject', reason, text: REASON_TEXT[reason] };
  }
  const { claim, address, duration } = verdict;
  const { client, action } = claim;
  return { decision: 'accept', client, action, address: formatAddress(address), duration };
}
