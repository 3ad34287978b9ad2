import { WindowTables } from '@bouncer-spa/bouncer/dist/core/minute-table.js';
import { parseNetwork } from '@bouncer-spa/bouncer/dist/core/network.js';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ReplayCache } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import type { Verdict } from '@bouncer-spa/bouncer/dist/core/verdict.js';
import { verify, type Verifier } from '@bouncer-spa/bouncer/dist/core/verify.js';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  MAX_PACKET_SIZE,
  minute,
  seal,
  seed,
  serverId,
} from '@bouncer-spa/protocol';
import { expect } from 'chai';
import fc from 'fast-check';

const NOW = { unix: 1_767_225_625_500, monotonic: 0 };
const ID = serverId('gw1');
const GATE = deriveGateSubkey(gateKey(new Uint8Array(32).fill(1)), ID);
const CODE = actionCode(21);
const ANYWHERE = parseNetwork('0.0.0.0/0');
const SOURCE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 7);

const client = (fill: number) => deriveClientKeys(seed(new Uint8Array(32).fill(fill)), ID);
const policy: Policy = {
  serverId: ID,
  gate: GATE,
  delta: 2,
  clients: [2, 3, 4].map((fill) => ({
    name: `client${fill}`,
    keys: client(fill),
    actions: new Set(['act']),
    from: [ANYWHERE].filter((network) => typeof network !== 'string'),
    notAfter: undefined,
    bind: 'any',
    maxDuration: undefined,
    mostGrants: 16,
  })),
  actions: [
    {
      name: 'act',
      code: CODE,
      deed: { kind: 'run', run: ['/bin/true'], timeout: 1 },
      argument: /^.*$/u,
      duration: 0,
      maxDuration: 0,
    },
  ],
};
const verifier: Verifier = {
  policy,
  window: new WindowTables(policy),
  replay: new ReplayCache({ floor: minute(0), tags: [] }),
};

/** Sealed for this server and this minute, of many lengths, by three clients. */
const packets = Array.from({ length: 60 }, (_, index) =>
  seal(
    { serverId: ID, gate: GATE, client: client(2 + (index % 3)) },
    { actionCode: CODE, duration: 0, time: NOW.unix, address: undefined, argument: 'x'.repeat(index) },
  ),
);

const judge = (payload: Uint8Array): Verdict =>
  verify(verifier, { source: SOURCE, sourcePort: 1, payload }, NOW);

const aPacket = fc.nat(packets.length - 1).map((index) => Uint8Array.from(packets[index] ?? []));
const anOffset = fc.nat(MAX_PACKET_SIZE);

/** A property that holds for so many payloads, or a counterexample. */
function holdsFor(runs: number, payloads: fc.Arbitrary<Uint8Array>): void {
  fc.assert(
    fc.property(payloads, (payload) => !judge(payload).accepted),
    { numRuns: runs },
  );
}

describe('No payload is accepted', function () {
  this.timeout(120_000);

  it('except the sealed packets that the others are made from', () => {
    for (const packet of packets) expect(judge(packet).accepted).to.equal(true);
  });

  it('of 200,000 random ones', () => {
    holdsFor(200_000, fc.uint8Array({ maxLength: MAX_PACKET_SIZE + 8, size: 'max' }));
  });

  it('of 200,000 with the head of a packet and a random rest', () => {
    const rest = fc.uint8Array({ minLength: 112, maxLength: 112 });
    holdsFor(
      200_000,
      fc.tuple(aPacket, rest).map(([packet, tail]) => Buffer.concat([packet.subarray(0, 12), tail])),
    );
  });

  it('of 400,000 packets with one to four bytes changed', () => {
    const edit = fc.tuple(anOffset, fc.integer({ min: 1, max: 255 }));
    const edited = fc.tuple(aPacket, fc.array(edit, { minLength: 1, maxLength: 4 }));
    holdsFor(
      400_000,
      edited.map(([packet, edits]) => {
        const original = Uint8Array.from(packet);
        for (const [offset, change] of edits) {
          const at = offset % packet.length;
          packet[at] = (packet[at] ?? 0) ^ change;
        }
        // Two changes of one byte can cancel each other.
        return Buffer.compare(packet, original) === 0 ? packet.subarray(1) : packet;
      }),
    );
  });

  it('of 200,000 packets with a piece cut out, doubled, or put in from another', () => {
    const spliced = fc.tuple(aPacket, aPacket, anOffset, anOffset, fc.nat(64));
    holdsFor(
      200_000,
      spliced.map(([packet, other, from, to, length]) => {
        const start = from % packet.length;
        const piece = other.subarray(to % other.length, (to % other.length) + length);
        const result = Buffer.concat([packet.subarray(0, start), piece, packet.subarray(start + length)]);
        return packets.some((sealed) => Buffer.compare(sealed, result) === 0) ? result.subarray(1) : result;
      }),
    );
  });
});
