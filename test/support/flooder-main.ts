/**
 * Sends junk as fast as it can, from the order on standard input (a line of JSON) until that input ends, but
 * never more than the order says. Writes the number of datagrams sent at the end.
 */
import { randomFillSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Flood } from './flooder.js';

/** The payload is as long as a packet. */
const SIZES = Array.from({ length: 25 }, (_, blocks) => 124 + 16 * blocks);
const DIFFERENT = 4_096;

/** Datagrams handed to the kernel before anything else may run, as fast as it can. */
const BATCH = 64;

let ended = false;

process.stdin.setEncoding('utf8');
let line = '';
process.stdin.on('data', (text: string) => {
  line += text;
  if (line.endsWith('\n')) flood(JSON.parse(line) as Flood);
});
process.stdin.on('end', () => {
  ended = true;
});

function flood({ head, address, port, most, pace }: Flood): void {
  const prefix = Buffer.from(head, 'hex');
  const payloads = Array.from({ length: DIFFERENT }, (_, index) => {
    const payload = randomFillSync(Buffer.alloc(SIZES[index % SIZES.length] ?? 124));
    payload.set(prefix);
    return payload;
  });
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', sendBufferSize: 4 * 1024 * 1024 });
  let sent = 0;

  function sendBatch(): void {
    let waiting = Math.min(pace?.datagrams ?? BATCH, most - sent);
    if (ended || waiting === 0) {
      socket.close();
      process.stdout.write(`${sent}\n`);
      return;
    }
    for (let left = waiting; left > 0; left--) {
      const payload = payloads[(sent + left) % DIFFERENT] ?? prefix;
      socket.send(payload, 0, payload.length, port, address, (error) => {
        // A host without a route or with a full queue sends nothing; the flood goes on.
        if (error === null) sent++;
        if (--waiting > 0) return;
        if (pace === undefined) setImmediate(sendBatch);
        else setTimeout(sendBatch, pace.milliseconds);
      });
    }
  }

  sendBatch();
}
