export { actionCode, type ActionCode } from './action-code.js';
export { computeTag, decrypt, encrypt, verifyTag, type AeadKey } from './aead.js';
export {
  ADDRESS_SIZE,
  ARGUMENT_MAX_SIZE,
  BLOCK_SIZE,
  GATE_SIZE,
  MAX_BLOCKS,
  MAX_DELTA,
  MAX_PACKET_SIZE,
  MIN_BLOCKS,
  MIN_PACKET_SIZE,
  TAG_SIZE,
} from './constants.js';
export {
  deriveClientKeys,
  deriveGateSubkey,
  expandOneBlock,
  gateAt,
  locatorAt,
  locatorText,
  passwordAt,
  type ClientKeys,
  type GateSubkey,
} from './keys.js';
export { fewestBlocks, type Message, type MessageFault } from './message.js';
export { minute, minuteOf, windowAround, type Minute } from './minute.js';
export {
  authenticate,
  openAuthenticated,
  parsePacket,
  seal,
  sealWith,
  type Candidate,
  type Packet,
  type PacketRandomness,
  type Sealer,
} from './packet.js';
export { ProtocolError } from './protocol-error.js';
export { gateKey, parseGateKey, parseSeed, seed, type GateKey, type Seed } from './secret.js';
export { serverId, type ServerId } from './server-id.js';
export { shortHmac } from './short-hmac.js';
