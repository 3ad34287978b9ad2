import type { Socket } from 'node:net';
import { closedDoorRefusal } from '../core/closed-door.js';
import { askClockState } from '../system/clock-state.js';
import { LONGEST_WAIT, openDoor } from '../system/door-opening.js';
import { resolveEach, type Destination } from '../system/resolve.js';
import type { Knock } from './knock.js';
import { Progress } from './progress.js';

/** A door that opened. */
export interface OpenDoor {
  readonly connection: Socket;
  readonly address: string;
  /** Seconds that it took, for people. */
  readonly took: string;
}

const MILLISECONDS = 1_000;

/**
 * Sends packets until a port of the server is open.
 * @param send hands one datagram to the kernel
 * @throws {Refusal} if nothing could be sent, or the port stays closed
 */
export async function waitForDoor(
  knock: Knock,
  port: number,
  send: (payload: Uint8Array, to: Destination) => Promise<void>,
): Promise<OpenDoor> {
  const { request } = knock;
  const destinations = await resolveEach(request.host, request.family);
  const start = performance.now();
  const took = (): string => ((performance.now() - start) / MILLISECONDS).toFixed(1);
  const progress = new Progress(
    () => `waiting for tcp/${port} at ${request.host}, ${took()} s, packet ${knock.count}`,
  );
  try {
    const opening = await openDoor(destinations, port, async (to) => send(await knock.packet(to), to));
    if (opening.kind === 'open') return { ...opening, took: took() };
    throw closedDoorRefusal(request, {
      port,
      seconds: LONGEST_WAIT / MILLISECONDS,
      packets: knock.count,
      refused: opening.refused,
      unreachable: opening.unreachable,
      clock: await askClockState(),
    });
  } finally {
    progress.end();
  }
}
