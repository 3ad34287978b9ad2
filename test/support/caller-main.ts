/** Makes TCP connections as it is told on standard input, a line of JSON an order, and answers each. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { CallerOrder } from './caller.js';

/** Milliseconds after which a connection that was neither made nor refused counts as closed. */
const PATIENCE = 500;

let kept: Socket | undefined;

createInterface({ input: process.stdin }).on('line', (line) => {
  void answer(JSON.parse(line) as CallerOrder).then((word) => {
    console.log(word);
  });
});

async function answer(order: CallerOrder): Promise<string> {
  if (order.kind === 'echo') return echo();
  const { address: host, port, from: localAddress } = order;
  const socket = connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
  const word = await new Promise<string>((resolve) => {
    socket.once('connect', () => {
      resolve('open');
    });
    socket.on('error', (error) => {
      resolve('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : `closed: ${error.message}`);
    });
    setTimeout(() => {
      resolve('closed');
    }, PATIENCE);
  });
  if (order.kind === 'keep' && word === 'open') kept = socket;
  else socket.destroy();
  return word;
}

/** Has something come back over the connection that was kept. */
function echo(): Promise<string> {
  return new Promise((resolve) => {
    kept?.once('data', () => {
      resolve('alive');
    });
    kept?.write('x');
    setTimeout(() => {
      resolve('dead');
    }, 10 * PATIENCE);
  });
}
