/**
 * Listens on ports such as `tcp/22`, over IPv4 and IPv6, and says `ready`. Echoes what comes over TCP,
 * and prints a line with port and source for each datagram.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

for (const text of process.argv.slice(2)) {
  const [transport, port] = text.split('/');
  if (transport === 'tcp') {
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // a caller that is gone
      socket.pipe(socket);
    });
    await once(server.listen(Number(port), '::'), 'listening');
  } else {
    const socket = createSocket('udp6');
    socket.on('message', (_, { address }) => {
      console.log(`${text} ${address.replace('::ffff:', '')}`);
    });
    await once(socket.bind(Number(port), '::'), 'listening');
  }
}
console.log('ready');
