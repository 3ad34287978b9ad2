import { setTimeout as sleep } from 'node:timers/promises';
import type { LogRecord } from '../../../test/support/bouncer.js';
import { CLUSTER, ClusterStage, type Gateway } from '../../../test/support/cluster-stage.js';
import { PORT } from '../../../test/support/installation.js';
import { waitFor } from '../../../test/support/wait.js';
import { ActionLog } from '../action-log.js';
import type { Programs } from '../programs.js';
import { RequestSender, type Request } from '../request-sender.js';
import type { ClusterRow } from '../results.js';
import type { Settings } from '../settings.js';

const NOTE = 21;
const OPEN = 22;

/** Most gateways in a group; 0 stands for one that is alone. */
const GROUPS = [0, 1, 2, 3, 4];

/** Requests before those that count, and milliseconds between two of them. */
const WARM_UP = 5;
const APART = 30;

/** Packets that one gateway has not acted on: fewer than its capture's ring holds. */
const AT_ONCE = 64;

const PATIENCE = 30_000;

/** (h) What a store that is shared costs, and what several gateways do together. */
export async function measureCluster(programs: Programs, settings: Settings): Promise<ClusterRow[]> {
  const rows = GROUPS.map((gateways): ClusterRow => ({
    gateways,
    milliseconds: [],
    perSecond: [],
    spread: [],
  }));
  for (let repetition = 0; repetition < settings.repetitions; repetition++) {
    for (const row of rows) await measure(programs, settings, row);
  }
  return rows;
}

async function measure(
  { action, send }: Programs,
  { latency: { requests }, cluster: { packets } }: Settings,
  row: ClusterRow,
): Promise<void> {
  const stage = new ClusterStage(Math.max(1, row.gateways));
  const { installation, gateways } = stage;
  const log = installation.path('actions');
  installation.addClient('alice');
  stage.configure(configOf(row.gateways > 0, action, log));
  const actions = new ActionLog(log);
  const senders: RequestSender[] = [];
  try {
    if (row.gateways > 0) await stage.store();
    await stage.start();
    for (const { host } of gateways) {
      const argv = [send, host.ipv4];
      senders.push(
        new RequestSender(stage.client.start(stage.client, argv, { stdio: ['pipe', 'pipe', 'inherit'] })),
      );
    }
    const request = (code: number): Request => [{ port: PORT, payload: installation.packet('alice', code) }];
    for (let index = 0; index < WARM_UP + requests; index++) {
      const sent = (await senders[0]?.send(request(NOTE))) ?? NaN;
      const before = actions.times.length;
      if (!(await actions.reaches(before + 1, PATIENCE))) throw new Error('an action did not run');
      if (index >= WARM_UP) row.milliseconds.push(((actions.times[before] ?? NaN) - sent) / 1e6);
      await sleep(APART);
    }
    await noteSpread(gateways, () => senders[0]?.send(request(OPEN)), row);
    const loads = gateways.map(() => Array.from({ length: packets }, () => request(NOTE)));
    const began = performance.now();
    const acted = await Promise.all(
      gateways.map((gateway, index) => saturate(gateway, senders[index], loads[index] ?? [])),
    );
    const all = acted.reduce((sum, count) => sum + count, 0);
    row.perSecond.push((1_000 * all) / (performance.now() - began));
  } finally {
    for (const sender of senders) await sender.close();
    await actions.close();
    await stage.close();
  }
}

/** From the acceptance of a packet to the moment that the last of the others opens the same. */
async function noteSpread(
  gateways: readonly Gateway[],
  send: () => Promise<number> | undefined,
  { spread }: ClusterRow,
): Promise<void> {
  const [first, ...others] = gateways;
  if (first === undefined || others.length === 0) return;
  const marks = others.map(({ bouncer }) => bouncer.records.length);
  await send();
  const accepted = await first.bouncer.logged('acceptance', ({ grant }) => grant !== undefined);
  const taken = await Promise.all(
    others.map(({ bouncer }, index) =>
      bouncer.logged('it', ({ until }) => until !== undefined, marks[index]),
    ),
  );
  const at = ({ time }: LogRecord): number => Date.parse(String(time));
  spread.push(Math.max(...taken.map(at)) - at(accepted));
}

/**
 * Has a gateway accept packets, and act on them, as fast as it can.
 * @returns how many it has acted on; others were refused, since the store did not answer in time
 */
async function saturate(
  { bouncer }: Gateway,
  sender: RequestSender | undefined,
  requests: readonly Request[],
): Promise<number> {
  let looked = bouncer.records.length;
  let acted = 0;
  let refused = 0;
  const waiting = (sent: number): number => {
    for (const { status, decision } of bouncer.records.slice(looked)) {
      if (status !== undefined) acted++;
      else if (decision === 'reject') refused++;
    }
    looked = bouncer.records.length;
    return sent - acted - refused;
  };
  for (const [index, request] of requests.entries()) {
    await waitFor('actions', () => waiting(index) < AT_ONCE || undefined, PATIENCE);
    await sender?.send(request);
  }
  await waitFor('the last actions', () => waiting(requests.length) === 0 || undefined, PATIENCE);
  return acted;
}

function configOf(isShared: boolean, action: string, log: string): string {
  return `${isShared ? CLUSTER : ''}
[guard]
ports = ["tcp/22"]

[limits]
running = 1024

[log]
rejects_per_minute = 10000

[actions.note]
code = ${NOTE}
run = ["${action}", "${log}"]

[actions.open]
code = ${OPEN}
allow = ["tcp/22"]
for = "10m"

[clients.alice]
seed_file = "alice.seed"
actions = ["note", "open"]
`;
}
