import {
  actionCode,
  computeTag,
  decrypt,
  deriveClientKeys,
  deriveGateSubkey,
  encrypt,
  gateAt,
  gateKey,
  locatorAt,
  minute,
  minuteOf,
  passwordAt,
  seal,
  seed,
  serverId,
} from '@bouncer-spa/protocol';
import { WindowTables } from '@bouncer-spa/bouncer/dist/core/minute-table.js';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ReplayCache } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import { verify } from '@bouncer-spa/bouncer/dist/core/verify.js';

const ID = serverId('gate.example.org');
const GATE = deriveGateSubkey(gateKey(new Uint8Array(32).fill(1)), ID);
const KEYS = deriveClientKeys(seed(new Uint8Array(32).fill(2)), ID);
const CODE = actionCode(21);
const NOW = { unix: 1_767_225_625_500, monotonic: 0 };
const MINUTE = minuteOf(NOW.unix);
const SOURCE = Buffer.from('00000000000000000000ffffc6336401', 'hex');
const HEAD = Buffer.concat([gateAt(GATE, MINUTE), locatorAt(KEYS, MINUTE, CODE)]);
const PASSWORD = passwordAt(KEYS, MINUTE);
const IV = Buffer.alloc(16, 3);

const policy: Policy = {
  serverId: ID,
  gate: GATE,
  delta: 2,
  clients: [
    {
      name: 'alice',
      keys: KEYS,
      actions: new Set(['ssh']),
      from: [],
      notAfter: undefined,
      bind: 'any',
      maxDuration: undefined,
      mostGrants: 16,
    },
  ],
  actions: [
    {
      name: 'ssh',
      code: CODE,
      deed: { kind: 'run', run: ['/bin/true'], timeout: 20_000 },
      argument: { test: () => true },
      duration: 30,
      maxDuration: 600,
    },
  ],
};

const window = new WindowTables(policy);
const replay = new ReplayCache({ floor: minute(0), tags: [] });

/** What stands behind the minute password of a good message, since nobody guesses its time. */
export const tokens: readonly string[] = [goodMessage().toString('latin1')];

/** The first byte says how much of a packet is right already, so that every check is reached. */
export function fuzz(input: Buffer): void {
  const [kind = 0] = input;
  const rest = input.subarray(1);
  const payload = [
    () => rest,
    () => Buffer.concat([HEAD, rest]),
    () => sealed(rest),
    () => sealed(Buffer.concat([PASSWORD, rest])),
  ][kind % 4]?.();
  if (payload === undefined) return;
  const verdict = verify({ policy, window, replay }, { payload, source: SOURCE, sourcePort: 1 }, NOW);
  if (verdict.accepted) throw new Error('accepted a source that the client has none of');
  if (kind % 4 < 2 && verdict.tag !== undefined) throw new Error('authenticated what nobody sealed');
}

function goodMessage(): Buffer {
  const message = { actionCode: CODE, duration: 0, time: NOW.unix, address: undefined, argument: 'é' };
  const packet = seal({ serverId: ID, gate: GATE, client: KEYS }, message);
  const plaintext = decrypt(KEYS, packet.subarray(12, 28), packet.subarray(28, -32));
  return plaintext.subarray(PASSWORD.length, 80);
}

/** A packet with a good tag around any plaintext. */
function sealed(plaintext: Buffer): Buffer {
  const ciphertext = encrypt(KEYS, IV, plaintext);
  const associated = Buffer.concat([Buffer.from(`bouncer/1 packet\0${ID}\0`), HEAD]);
  return Buffer.concat([HEAD, IV, ciphertext, computeTag(KEYS, associated, IV, ciphertext)]);
}
