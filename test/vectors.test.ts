import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  minute,
  minuteOf,
  parseGateKey,
  parseSeed,
  serverId,
  windowAround,
} from '@bouncer-spa/protocol';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { WindowTables } from '@bouncer-spa/bouncer/dist/core/minute-table.js';
import { parseNetwork, type Network } from '@bouncer-spa/bouncer/dist/core/network.js';
import type { Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ReplayCache } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import type { RejectReason, Verdict } from '@bouncer-spa/bouncer/dist/core/verdict.js';
import { verify, type Verifier } from '@bouncer-spa/bouncer/dist/core/verify.js';

const ROOT = new URL('../../', import.meta.url);
const GENERATOR = fileURLToPath(new URL('tools/vectors.py', ROOT));
const BUNDLE_GENERATOR = fileURLToPath(new URL('tools/bundle_vectors.py', ROOT));

/** What a case says about who judges the packet. Byte strings are hexadecimal. */
interface VectorVerifier {
  readonly serverId: string;
  readonly gateKey: string;
  readonly delta: number;
  readonly nowMs: number;
  readonly floor: number;
  readonly seen: readonly string[];
  readonly actionCodes: readonly number[];
  readonly clients: readonly { readonly name: string; readonly seed: string }[];
}

interface Judged {
  readonly name: string;
  readonly verifier: VectorVerifier;
  readonly packet: string;
}

interface PositiveCase {
  readonly name: string;
  readonly input: {
    readonly serverId: string;
    readonly gateKey: string;
    readonly seed: string;
    readonly actionCode: number;
    readonly durationSeconds: number;
    readonly address: string;
    readonly argument: string;
    readonly timeMs: number;
  };
  readonly minute: number;
  readonly tag: string;
  readonly packet: string;
}

type AcceptedCase = Judged & {
  readonly client: string;
  readonly actionCode: number;
  readonly minute: number;
};
type NegativeCase = Judged & { readonly reason: RejectReason };
type OrderCase = NegativeCase & { readonly faults: readonly [string, string] };

const positive = casesOf('positive') as readonly PositiveCase[];
const accepted = casesOf('accepted') as readonly AcceptedCase[];
const negative = casesOf('negative') as readonly NegativeCase[];
const order = casesOf('order') as readonly OrderCase[];

/** The checks of PROTOCOL.md section 7 in their order. */
const REASONS = [
  'length',
  'gate',
  'locator',
  'tag',
  'stale',
  'replay',
  'padding',
  'password',
  'version',
  'flags',
  'code',
  'time',
  'argument',
  'fill',
] as const satisfies readonly RejectReason[];

const SOURCE = Uint8Array.from(Buffer.from('00000000000000000000ffffc6336401', 'hex'));
const LARGEST_DURATION = 2 ** 32 - 1;

function casesOf(name: string): unknown {
  return (JSON.parse(committed(`${name}.json`).toString()) as { cases: unknown }).cases;
}

function committed(name: string): Buffer {
  return readFileSync(new URL(`test/vectors/${name}`, ROOT));
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

/** The daemon's verifier for a case: every client may use every action, from and for anywhere. */
function verifierOf(at: VectorVerifier): Verifier {
  const id = serverId(at.serverId);
  const actions = at.actionCodes.map((code) => ({
    name: `action-${code}`,
    code: actionCode(code),
    deed: { kind: 'run' as const, run: ['/bin/true'], timeout: 1_000 },
    argument: /^[\s\S]*$/u,
    duration: 0,
    maxDuration: LARGEST_DURATION,
  }));
  const policy: Policy = {
    serverId: id,
    gate: deriveGateSubkey(parseGateKey(at.gateKey), id),
    delta: at.delta,
    clients: at.clients.map(({ name, seed }) => ({
      name,
      keys: deriveClientKeys(parseSeed(seed), id),
      actions: new Set(actions.map((action) => action.name)),
      from: [network('0.0.0.0/0'), network('::/0')],
      notAfter: undefined,
      bind: 'any',
      maxDuration: undefined,
      mostGrants: 16,
    })),
    actions,
  };
  // A case does not say of which minute a tag in the cache is: of any that matters here.
  const tags = windowAround(minuteOf(at.nowMs), at.delta).flatMap((of) =>
    at.seen.map((tag) => ({ minute: of, tag: Buffer.from(tag, 'hex') })),
  );
  const replay = new ReplayCache({ floor: minute(at.floor), tags });
  return { policy, window: new WindowTables(policy), replay };
}

function judge(verifier: Verifier, payload: Uint8Array, nowMs: number): Verdict {
  const datagram = {
    source: SOURCE,
    sourcePort: 40_000,
    destination: SOURCE,
    destinationPort: 51_324,
    payload,
  };
  return verify(verifier, datagram, { unix: nowMs, monotonic: 0 });
}

function verdictOf({ verifier, packet }: Judged): Verdict {
  return judge(verifierOf(verifier), Buffer.from(packet, 'hex'), verifier.nowMs);
}

function reasonOf(verdict: Verdict): RejectReason | 'accepted' {
  return verdict.accepted ? 'accepted' : verdict.reason;
}

describe('a generator of the vectors', () => {
  it('writes the committed files, byte for byte', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bouncer-vectors-'));
    try {
      execFileSync('python3', [GENERATOR, folder]);
      execFileSync('python3', [BUNDLE_GENERATOR, folder]);
      const written = readdirSync(folder);
      expect(written).to.include.members(['positive.json', 'bundle.json']);
      for (const name of written) {
        expect(readFileSync(join(folder, name)).equals(committed(name)), `${name} is as generated`).to.equal(
          true,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }).timeout(120_000);

  const page = readFileSync(new URL('PROTOCOL.md', ROOT), 'utf8');
  const section = page.split('<!-- example begin -->\n')[1]?.split('<!-- example end -->')[0];

  it('prints the worked example of PROTOCOL.md', () => {
    expect(section).to.equal(execFileSync('python3', [GENERATOR, '--example'], { encoding: 'utf8' }));
  }).timeout(60_000);

  it('gives a command in that example whose output begins as the page says', () => {
    const command = section?.split('```sh\n')[1]?.split('```')[0];
    const digits = /its output are `([0-9A-F]{8})`/.exec(section ?? '')?.[1];
    if (command === undefined || digits === undefined) throw new Error('the example has no command');
    expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' }).slice(0, 8)).to.equal(digits);
  }).timeout(10_000);
});

describe('the positive vectors', () => {
  for (const { name, input, minute: at, tag, packet } of positive) {
    it(`are accepted with all that was sealed: ${name}`, () => {
      const verifier = verifierOf({
        serverId: input.serverId,
        gateKey: input.gateKey,
        delta: 2,
        nowMs: input.timeMs,
        floor: 0,
        seen: [],
        actionCodes: [input.actionCode],
        clients: [{ name: 'sender', seed: input.seed }],
      });
      expect(judge(verifier, Buffer.from(packet, 'hex'), input.timeMs)).to.deep.equal({
        accepted: true,
        claim: { client: 'sender', action: `action-${input.actionCode}`, code: input.actionCode, minute: at },
        tag: Buffer.from(tag, 'hex'),
        address: input.address === '' ? SOURCE : parseAddress(input.address),
        duration: input.durationSeconds,
        argument: input.argument,
        deed: { kind: 'run', run: ['/bin/true'], timeout: 1_000 },
        mostGrants: 16,
      });
    });
  }
});

describe('the accepted vectors', () => {
  for (const vector of accepted) {
    it(`are accepted: ${vector.name}`, () => {
      const { client, actionCode: code, minute: at } = vector;
      expect(verdictOf(vector)).to.deep.include({
        accepted: true,
        claim: { client, action: `action-${code}`, code, minute: at },
        tag: Buffer.from(vector.packet.slice(-64), 'hex'),
      });
    });
  }
});

describe('the negative vectors', () => {
  for (const vector of negative) {
    it(`are rejected: ${vector.name}`, () => {
      expect(reasonOf(verdictOf(vector))).to.equal(vector.reason);
    });
  }

  it('have every reason of section 7', () => {
    expect([...new Set(negative.map(({ reason }) => reason))]).to.deep.equal(REASONS);
  });

  it('leave the replay cache as it was', () => {
    for (const { name, verifier: at, packet } of negative) {
      const verifier = verifierOf(at);
      const { size, floor } = verifier.replay;
      judge(verifier, Buffer.from(packet, 'hex'), at.nowMs);
      expect([verifier.replay.size, verifier.replay.floor], name).to.deep.equal([size, floor]);
    }
  });
});

describe('the order vectors', () => {
  for (const vector of order) {
    it(`are rejected for the earlier fault: ${vector.name}`, () => {
      expect(reasonOf(verdictOf(vector))).to.equal(vector.reason);
    });
  }

  const reasonOfFault = new Map(negative.map(({ name, reason }) => [name, reason]));

  it('have two faults of the negative vectors, the earlier check first', () => {
    for (const { name, faults, reason } of order) {
      const [earlier, later] = faults.map((fault) => reasonOfFault.get(fault));
      expect(earlier, name).to.equal(reason);
      expect(later, name).to.be.oneOf(REASONS.slice(REASONS.indexOf(reason as (typeof REASONS)[number]) + 1));
    }
  });

  it('have every pair of neighbouring checks', () => {
    const pairs = new Set(order.map(({ faults }) => faults.map((fault) => reasonOfFault.get(fault)).join()));
    REASONS.slice(1).forEach((later, at) => {
      expect(pairs).to.include(`${REASONS[at] ?? ''},${later}`);
    });
  });
});

describe('an accepted packet that is changed', () => {
  const chosen = ['base', 'smallest', 'largest', 'delta-10-oldest', 'bob-65535'].map((name) => {
    const found = accepted.find((known) => known.name === name);
    if (found === undefined) throw new Error(`no accepted case ${name}`);
    return found;
  });

  /** The check that covers the byte at an offset (PROTOCOL.md section 4). */
  const reasonAt = (offset: number) => (offset < 4 ? 'gate' : offset < 12 ? 'locator' : 'tag');

  for (const { name, verifier: at, packet } of chosen) {
    const bytes = Buffer.from(packet, 'hex');
    const verifier = verifierOf(at);
    const reason = (payload: Uint8Array) => reasonOf(judge(verifier, payload, at.nowMs));

    it(`is accepted as long as it is not: ${name}`, () => {
      expect(reason(bytes)).to.equal('accepted');
    });

    it(`is rejected with any one bit flipped, for the field that the bit is in: ${name}`, () => {
      for (let offset = 0; offset < bytes.length; offset++) {
        for (let bit = 0; bit < 8; bit++) {
          const changed = Uint8Array.from(bytes, (byte, index) =>
            index === offset ? byte ^ (1 << bit) : byte,
          );
          if (reason(changed) !== reasonAt(offset)) {
            expect(reason(changed), `byte ${offset} bit ${bit}`).to.equal(reasonAt(offset));
          }
        }
      }
    }).timeout(60_000);

    it(`is rejected at every shorter length, and at every longer one up to 600 bytes: ${name}`, () => {
      const longer = Buffer.alloc(601);
      longer.set(bytes);
      for (let length = 0; length <= 600; length++) {
        if (length === bytes.length) continue;
        const isLengthOfPacket = length >= 124 && length <= 508 && (length - 60) % 16 === 0;
        expect(reason(longer.subarray(0, length)), `${length} bytes`).to.equal(
          isLengthOfPacket ? 'tag' : 'length',
        );
      }
    });

    it(`is rejected with its beginning cut off, whatever is left: ${name}`, () => {
      for (let start = 1; start <= bytes.length; start++) {
        expect(reason(bytes.subarray(start)), `from byte ${start}`).to.be.oneOf(['length', 'gate']);
      }
    });
  }
});
