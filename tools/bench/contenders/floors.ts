import { randomBytes } from 'node:crypto';
import { PORT } from '../../../test/support/installation.js';
import { repositoryPath } from '../../../test/support/paths.js';
import type { Arena } from '../arena.js';
import { kill, RANDOM_JUNK, type Conditions, type Contender, type Listener } from '../contender.js';
import { untilListening } from '../listening.js';

const NODE_FLOOR = repositoryPath('build/tools/bench/floor-main.js');

/** What a floor knows a packet by. */
const COOKIE_SIZE = 16;

/** What a packet of a floor is long: as long as the shortest of bouncer's. */
const PACKET_SIZE = 124;

type Argv = (words: readonly string[], node: string) => readonly string[];

/** @param argv makes the command out of device, port, cookie, program and argument */
function floor(name: Contender['name'], label: string, argv: Argv): Contender {
  const start = async (arena: Arena, { node = process.execPath }: Conditions): Promise<Listener> => {
    const { network, programs, actions } = arena;
    const cookie = randomBytes(COOKIE_SIZE);
    const words = [
      network.server.interface,
      String(PORT),
      cookie.toString('hex'),
      programs.action,
      actions.path,
    ];
    const command = argv([programs.floor, arena.installation.path('record'), ...words], node);
    const began = performance.now();
    const child = arena.start(command, { stdio: ['ignore', 'ignore', 'inherit'] });
    const request = () => [
      { port: PORT, payload: Buffer.concat([cookie, randomBytes(PACKET_SIZE - COOKIE_SIZE)]) },
    ];
    return {
      startMilliseconds: await untilListening(arena, child, began),
      port: PORT,
      requests: (count) => Array.from({ length: count }, request),
      junk: (kind) => (kind === 'random' ? RANDOM_JUNK : undefined),
      stop: () => kill(child),
    };
  };
  return { name, label, pause: 15, start };
}

export const floorC = floor('floor-c', 'floor: C', ([program = '', , ...words]) => [program, ...words]);

export const floorNodeDurable = floor(
  'floor-node-durable',
  'floor: bare Node, durable record',
  ([, record = '', ...words], node) => [node, NODE_FLOOR, ...words, record],
);

export const floorNode = floor('floor-node', 'floor: bare Node', ([, , ...words], node) => [
  node,
  NODE_FLOOR,
  ...words,
]);
