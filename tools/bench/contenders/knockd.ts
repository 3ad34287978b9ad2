import { writeFileSync } from 'node:fs';
import type { Arena } from '../arena.js';
import { kill, RANDOM_JUNK, type Contender, type Listener } from '../contender.js';
import { untilListening } from '../listening.js';

/** The secret knocks. */
const PORTS = [7_001, 7_002, 7_003];

export const knockd: Contender = { name: 'knockd', label: 'knockd', pause: 15, start };

/** It knows one sequence of knocks and no clients. */
async function start(arena: Arena): Promise<Listener> {
  const { installation, network, programs, actions } = arena;
  const config = installation.path('knockd.conf');
  writeFileSync(
    config,
    `[options]
logfile = ${installation.path('knockd.log')}
[door]
sequence = ${PORTS.map((port) => `${port}:udp`).join(',')}
seq_timeout = 10
command = ${programs.action} ${actions.path}
`,
    { mode: 0o600 },
  );
  const began = performance.now();
  const child = arena.start(['knockd', '-i', network.server.interface, '-c', config]);
  return {
    startMilliseconds: await untilListening(arena, child, began),
    port: PORTS[0] ?? 0,
    requests: (count) =>
      Array.from({ length: count }, () => PORTS.map((port) => ({ port, payload: new Uint8Array(1) }))),
    junk: (kind) => (kind === 'random' ? RANDOM_JUNK : undefined),
    stop: () => kill(child),
  };
}
