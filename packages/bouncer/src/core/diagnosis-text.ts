import { BLOCK_SIZE, MAX_PACKET_SIZE, MIN_PACKET_SIZE } from '@bouncer-spa/protocol';
import { formatAddress } from './address.js';
import type { Datagram } from './datagram.js';
import type { Diagnosis } from './diagnosis.js';
import { REASON_TEXT, type Claim, type Reject, type RejectReason } from './verdict.js';

/** One word for what a datagram is: `accept`, the reason of a reject, or what only a diagnosis finds. */
export function diagnosisWord(diagnosis: Diagnosis): string {
  if (diagnosis.kind !== 'verdict') return diagnosis.kind;
  return diagnosis.verdict.accepted ? 'accept' : diagnosis.verdict.reason;
}

/** Who a datagram claims to be from, as far as that is known. */
export function diagnosisClaim(diagnosis: Diagnosis): Claim | undefined {
  if (diagnosis.kind === 'verdict') return diagnosis.verdict.claim;
  return diagnosis.kind === 'minute' ? undefined : diagnosis.claim;
}

/** What a datagram is, and what to do about it where something can be done. */
export function diagnosisText(diagnosis: Diagnosis, { payload }: Datagram): string {
  switch (diagnosis.kind) {
    case 'clock': {
      const { claim, offset } = diagnosis;
      const meaning = offset < 0 ? 'slow, or an old packet was sent again' : 'fast';
      return `sealed by ${who(claim)} ${span(offset)}: the clock there is ${meaning}; compare it with the clock here`;
    }
    case 'minute':
      return `for this server, ${span(diagnosis.offset)}, but by nobody it knows: ${STRANGER}`;
    case 'gate-key':
      return `sealed by ${who(diagnosis.claim)} with another gate key: give the client a new bundle`;
    case 'verdict': {
      const { verdict } = diagnosis;
      if (verdict.accepted) return `accepted: ${who(verdict.claim)} for ${formatAddress(verdict.address)}`;
      return rejectText(verdict, payload.length);
    }
  }
}

const STRANGER =
  'a client or a seed that is not in the config, or an action code that is not; compare the bundle with the config';

/** What to do about a reject, where REASON_TEXT alone leaves one guessing. */
const ADVICE: Partial<Readonly<Record<RejectReason, string>>> = {
  gate: 'no minute of a day either way has its gate, so it is of another server or gate key, or no packet',
  locator: STRANGER,
  action: 'name the action in the actions of the client',
  network: 'see from in its table',
  expired: 'see not_after in its table, and previous_until if it has a former seed',
  address: 'see bind in its table',
  pattern: 'see argument in the table of the action',
  stale: 'the clock here was ahead once; nothing is accepted until the floor of the replay cache',
  version: 'the client is newer than this bouncer',
};

function rejectText({ reason, claim }: Reject, size: number): string {
  if (reason === 'length') {
    const sizes = `${MIN_PACKET_SIZE} to ${MAX_PACKET_SIZE}, in steps of ${BLOCK_SIZE}`;
    return `no packet: it has ${size} bytes, a packet has ${sizes}`;
  }
  const advice = ADVICE[reason];
  const text = advice === undefined ? REASON_TEXT[reason] : `${REASON_TEXT[reason]}: ${advice}`;
  return claim === undefined ? text : `${who(claim)}: ${text}`;
}

function who({ client, action }: Claim): string {
  return `${client} (${action})`;
}

/** @param offset minutes, negative in the past */
function span(offset: number): string {
  const minutes = Math.abs(offset);
  const text = minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return offset < 0 ? `${text} ago` : `${text} ahead`;
}
