import { Refusal, type Problem } from './refusal.js';
import type { Request } from './request.js';

/** What the system says of its clock. */
export type ClockState = 'synchronised' | 'unsynchronised' | 'unknown';

/** What was seen of a door that did not open. */
export interface ClosedDoor {
  readonly port: number;
  /** Whole seconds that were waited. */
  readonly seconds: number;
  /** Packets sent, at least 1. */
  readonly packets: number;
  /** Whether the server, or a firewall on the way, refused connections instead of ignoring them. */
  readonly refused: boolean;
  /** Whether the network said that there is no way to the server, or nobody there. */
  readonly unreachable: boolean;
  readonly clock: ClockState;
}

const REASONS = 3;

/** Why a door may have stayed closed: what was seen, and the three likeliest reasons. */
export function closedDoorRefusal(request: Request, door: ClosedDoor): Refusal {
  const sent = door.packets === 1 ? 'one packet was' : `${door.packets} packets were`;
  return new Refusal(
    'closed',
    { sentence: `tcp/${door.port} at ${request.host} did not open within ${door.seconds} s; ${sent} sent` },
    ...likeliest(request, door).slice(0, REASONS),
  );
}

/** The likeliest first. */
function likeliest(request: Request, door: ClosedDoor): Problem[] {
  const reasons: Problem[] = [];
  if (door.unreachable) {
    reasons.push({
      sentence: `likely: ${request.host} is off, or there is no way to it: the network says unreachable`,
    });
  }
  if (door.clock === 'unsynchronised') {
    reasons.push({
      sentence: 'likely: the clock of this machine is wrong; the system says that it is not synchronised',
      hint: 'timedatectl set-ntp true',
    });
  }
  if (door.refused) {
    reasons.push({
      sentence: `likely: nothing listens at tcp/${door.port}; connections are refused, not ignored`,
    });
  }
  reasons.push(
    {
      sentence: `likely: the server did not accept the packet: ${
        door.clock === 'synchronised' ? '' : 'its clock differs, '
      }it knows another seed, or this client may not use the action`,
      hint: "the server's log says which, if the packet got there",
    },
    {
      sentence: `likely: the packet did not get there: something on the way drops UDP to port ${request.port}`,
    },
    {
      sentence: 'likely: packet and connection come from different addresses, behind address translation',
      hint: 'name the one that connections come from with --allow ADDRESS',
    },
  );
  return reasons;
}
