import { formatAddress } from './address.js';
import type { Grant } from './grants.js';

/** Which grants are meant. */
export type GrantTarget =
  | { readonly id: string }
  | { readonly address: Uint8Array }
  | { readonly client: string }
  /** Whichever of these has a grant, asked in this order: a client's name can look like the others. */
  | { readonly name: string }
  | 'all';

/** How a grant fares. */
export type GrantState =
  /** Its `run` is running. */
  | 'starting'
  | 'open'
  /** It is over, and being closed. */
  | 'closing'
  | 'closed'
  /** Its doors could not be opened or closed, or its `stop` fails; it is tried again until it works. */
  | 'failing';

/** A grant as an administrator is shown it. */
export interface GrantView {
  readonly id: string;
  readonly client: string;
  readonly action: string;
  readonly address: string;
  readonly argument: string;
  readonly kind: Grant['means']['kind'];
  /** Seconds until its end, 0 if that is over. */
  readonly seconds: number;
  readonly state: GrantState;
  /** What fails. */
  readonly failure: string | undefined;
}

/** @param monotonic milliseconds */
export function viewOf(
  { id, client, action, address, argument, means, end }: Grant,
  state: GrantState,
  failure: string | undefined,
  monotonic: number,
): GrantView {
  return {
    id,
    client,
    action,
    address: formatAddress(address),
    argument,
    kind: means.kind,
    seconds: Math.max(0, Math.ceil((end.monotonic - monotonic) / 1_000)),
    state,
    failure,
  };
}
