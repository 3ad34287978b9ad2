import type { Socket } from 'node:net';
import { Refusal } from '../core/refusal.js';
import { ConnectionAttempts } from './connection-attempts.js';
import type { Destination } from './resolve.js';

/** Milliseconds from each packet to the next, and from the last to giving up. */
const PATIENCE = [2_000, 3_000, 5_000] as const;

/** Milliseconds after a packet at which to connect: a server takes some three to act. */
const EARLY_ATTEMPTS = [20, 100, 250];
const LATER_INTERVAL = 500;

/** Milliseconds that the first family has for itself (RFC 8305 section 5). */
const HEAD_START = 250;

export const LONGEST_WAIT = PATIENCE[0] + PATIENCE[1] + PATIENCE[2];

/** How the waiting ended. */
export type Opening =
  | { readonly kind: 'open'; readonly connection: Socket; readonly address: string }
  | {
      readonly kind: 'closed';
      readonly address: undefined;
      /** Whether connections to any of the addresses were refused. */
      readonly refused: boolean;
      /** Whether there was no way to any of them, or nobody there. */
      readonly unreachable: boolean;
    };

/**
 * Sends packets to a server and connects to one of its ports until that is open. Each family of addresses
 * gets packets of its own, since a packet opens for the address that it comes from.
 * @param destinations one of each family, the one to prefer first; at least one
 * @param send hands one fresh packet to the kernel
 * @throws {Refusal} if no packet could be sent to any of them
 */
export async function openDoor(
  destinations: readonly Destination[],
  port: number,
  send: (destination: Destination) => Promise<void>,
): Promise<Opening> {
  const tries: ConnectionAttempts[] = [];
  const runs: Promise<Opening>[] = [];
  for (const destination of destinations) {
    const attempts = new ConnectionAttempts(destination.address, port);
    tries.push(attempts);
    const run = knock(destination, attempts, send);
    runs.push(run);
    if ((await headStart(run))?.kind === 'open') break;
  }
  return await firstOpen(runs, tries);
}

/** The first that opens; else, if all have stayed closed, what was seen of them. */
async function firstOpen(
  runs: readonly Promise<Opening>[],
  tries: readonly ConnectionAttempts[],
): Promise<Opening> {
  const winner = await new Promise<Opening | undefined>((resolve) => {
    const ends = runs.map(async (run) => {
      const opening = await run.catch(() => undefined);
      if (opening?.kind === 'open') resolve(opening);
    });
    void Promise.all(ends).then(() => {
      resolve(undefined);
    });
  });
  for (const attempts of tries) if (attempts.address !== winner?.address) attempts.giveUp();
  const outcomes = await Promise.allSettled(runs);
  if (winner !== undefined) return winner;
  const errors = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  );
  const worst = errors.find((error) => !(error instanceof Refusal)) ?? errors[0];
  // One family without a route is no more than that; what is no refusal is a bug.
  if (worst !== undefined && (errors.length === runs.length || !(worst instanceof Refusal)))
    throw worst as Error;
  // Where nothing could be sent, no connection was tried either.
  return closed(tries.filter((_, at) => outcomes[at]?.status === 'fulfilled'));
}

async function knock(
  destination: Destination,
  attempts: ConnectionAttempts,
  send: (destination: Destination) => Promise<void>,
): Promise<Opening> {
  for (const patience of PATIENCE) {
    if (attempts.givenUp) break;
    await send(destination);
    let passed = 0;
    for (const moment of [...attemptMoments(patience), patience]) {
      const connection = await attempts.openWithin(moment - passed);
      if (connection !== undefined) return { kind: 'open', connection, address: destination.address };
      passed = moment;
      if (moment < patience) attempts.start();
    }
  }
  attempts.giveUp();
  return closed([attempts]);
}

/** What was seen of addresses none of which opened. */
function closed(tries: readonly ConnectionAttempts[]): Opening {
  return {
    kind: 'closed',
    address: undefined,
    refused: tries.some(({ refused }) => refused),
    unreachable: tries.every(({ unreachable }) => unreachable),
  };
}

/** Milliseconds after a packet at which to connect. */
function attemptMoments(patience: number): number[] {
  const moments = [...EARLY_ATTEMPTS];
  for (let at = LATER_INTERVAL; at < patience; at += LATER_INTERVAL) moments.push(at);
  return moments;
}

/** What a run comes to in its head start; nothing if it takes longer or fails, which is looked at elsewhere. */
async function headStart(run: Promise<Opening>): Promise<Opening | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, HEAD_START);
  });
  const opening = await Promise.race([run.catch(() => undefined), over]);
  clearTimeout(timer);
  return opening;
}
