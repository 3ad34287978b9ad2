import {
  actionCode,
  authenticate,
  deriveClientKeys,
  deriveGateSubkey,
  gateAt,
  locatorAt,
  minuteOf,
  openAuthenticated,
  parseGateKey,
  parsePacket,
  parseSeed,
  serverId,
  windowAround,
  type Message,
} from '@bouncer-spa/protocol';
import { GATE_KEY, SEED, SERVER_ID } from './client-folder.js';

/** Opens a packet as a server does (PROTOCOL.md section 7). @throws if any check fails */
export function open(bytes: Uint8Array, code = 21, seed = SEED, gateKey = GATE_KEY, id = SERVER_ID): Message {
  const packet = parsePacket(bytes);
  if (packet === 'length') throw new Error('length');
  const keys = deriveClientKeys(parseSeed(seed), serverId(id));
  const gate = deriveGateSubkey(parseGateKey(gateKey), serverId(id));
  const minute = windowAround(minuteOf(Date.now()), 1).find((at) =>
    Buffer.concat([gateAt(gate, at), locatorAt(keys, at, actionCode(code))]).equals(packet.head),
  );
  if (minute === undefined) throw new Error('gate or locator');
  if (!authenticate(packet, serverId(id), keys)) throw new Error('tag');
  const message = openAuthenticated(packet, { keys, minute, actionCode: actionCode(code) });
  if (typeof message === 'string') throw new Error(message);
  return message;
}

/** Opens a packet as `opener --print` prints it. */
export function openPrinted(text: string, ...others: [code?: number, seed?: string]): Message {
  if (!/^[A-Za-z0-9+/]+=*\n$/.test(text)) throw new Error(`expected one line of base64, got ${text}`);
  return open(Buffer.from(text, 'base64'), ...others);
}
