/** Sends what it is told on standard input, a line of JSON a datagram, and answers `sent` to each. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';

interface Order {
  readonly payload: string;
  readonly address: string;
  readonly port: number;
}

const ipv4 = createSocket('udp4');
const ipv6 = createSocket('udp6');

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { payload, address, port } = JSON.parse(line) as Order;
  const socket = isIPv6(address) ? ipv6 : ipv4;
  socket.send(Buffer.from(payload, 'base64'), port, address, (error) => {
    console.log(error === null ? 'sent' : error.message);
  });
});
lines.on('close', () => {
  ipv4.close();
  ipv6.close();
});
