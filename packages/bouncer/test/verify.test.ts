import { expect } from 'chai';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  minute,
  minuteOf,
  seal,
  sealWith,
  seed,
  serverId,
  type Message,
} from '@bouncer-spa/protocol';
import type { Datagram } from '@bouncer-spa/bouncer/dist/core/datagram.js';
import { WindowTables } from '@bouncer-spa/bouncer/dist/core/minute-table.js';
import type { Moment } from '@bouncer-spa/bouncer/dist/core/moment.js';
import { parseNetwork, type Network } from '@bouncer-spa/bouncer/dist/core/network.js';
import type { Action, Client, Policy } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ReplayCache } from '@bouncer-spa/bouncer/dist/core/replay-cache.js';
import { REASON_TEXT } from '@bouncer-spa/bouncer/dist/core/verdict.js';
import { verify, windowWidth, type Verifier } from '@bouncer-spa/bouncer/dist/core/verify.js';

const ID = serverId('gate.example.org');
const GATE = deriveGateSubkey(gateKey(new Uint8Array(32).fill(1)), ID);
const NOW: Moment = { unix: 1_767_225_625_500, monotonic: 1_000 };
const MINUTE = minuteOf(NOW.unix);
const SSH = actionCode(21);
const SOURCE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1);
const OTHER_SOURCE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 9);

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

function clientOf(name: string, first: number, change: Partial<Client> = {}): Client {
  return {
    name,
    keys: deriveClientKeys(seed(new Uint8Array(32).fill(first)), ID),
    actions: new Set(['ssh', 'vpn']),
    from: [network('0.0.0.0/0')],
    notAfter: undefined,
    bind: 'source',
    maxDuration: undefined,
    mostGrants: 16,
    ...change,
  };
}

function actionOf(name: string, code: number, change: Partial<Action> = {}): Action {
  return {
    name,
    code: actionCode(code),
    deed: { kind: 'run', run: ['/bin/true'], timeout: 20_000 },
    argument: undefined,
    duration: 30,
    maxDuration: 600,
    ...change,
  };
}

const alice = clientOf('alice', 2);
const bob = clientOf('bob', 3, { actions: new Set(['vpn']) });
const ssh = actionOf('ssh', SSH);
const vpn = actionOf('vpn', 22, { argument: /^[a-z]+$/u });

const policy: Policy = { serverId: ID, gate: GATE, delta: 2, clients: [alice, bob], actions: [ssh, vpn] };

function verifierOf(change: Partial<Policy> = {}): Verifier {
  const changed = { ...policy, ...change };
  return {
    policy: changed,
    window: new WindowTables(changed),
    replay: new ReplayCache({ floor: minute(0), tags: [] }),
  };
}

function sealed(change: Partial<Message> = {}, client = alice): Uint8Array {
  const message: Message = {
    actionCode: SSH,
    duration: 0,
    time: NOW.unix,
    address: undefined,
    argument: '',
    ...change,
  };
  return seal({ serverId: ID, gate: GATE, client: client.keys }, message);
}

function datagramOf(payload: Uint8Array, source = SOURCE): Datagram {
  return { source, sourcePort: 40_000, destination: SOURCE, destinationPort: 51_324, payload };
}

function judge(payload: Uint8Array, verifier = verifierOf(), now = NOW) {
  return verify(verifier, datagramOf(payload), now);
}

/** Puts an accepted packet into the replay cache as the daemon does. */
function accept(verifier: Verifier, payload: Uint8Array, now = NOW): void {
  const verdict = verify(verifier, datagramOf(payload), now);
  if (!verdict.accepted) throw new Error(verdict.reason);
  verifier.replay.remember(verdict.claim.minute, verdict.tag, windowWidth(verifier), SOURCE, now.monotonic);
}

const CLAIM = { client: 'alice', action: 'ssh', code: 21, minute: MINUTE };

describe('an accepted packet', () => {
  it('is told with who sent it, what for, and what the policy grants', () => {
    const packet = sealed({ duration: 60 });
    expect(judge(packet)).to.deep.equal({
      accepted: true,
      claim: CLAIM,
      tag: Buffer.from(packet).subarray(-32),
      address: SOURCE,
      duration: 60,
      argument: '',
      deed: ssh.deed,
      mostGrants: 16,
    });
  });

  it('brings its argument along', () => {
    const verdict = judge(sealed({ actionCode: actionCode(22), argument: 'web' }));
    expect(verdict).to.deep.include({ accepted: true, argument: 'web' });
  });

  it('brings the address along that it names, where the client may name one', () => {
    const verifier = verifierOf({ clients: [{ ...alice, bind: 'any' }] });
    expect(judge(sealed({ address: OTHER_SOURCE }), verifier)).to.deep.include({ address: OTHER_SOURCE });
  });

  it('may be of any minute of the window, and of that minute its claim speaks', () => {
    for (let offset = -2; offset <= 2; offset++) {
      const verdict = judge(sealed({ time: NOW.unix + offset * 60_000 }));
      expect(verdict).to.deep.include({ accepted: true, claim: { ...CLAIM, minute: MINUTE + offset } });
    }
  });

  it('is accepted again until somebody puts it into the replay cache: judging changes nothing', () => {
    const verifier = verifierOf();
    const packet = sealed();
    expect(judge(packet, verifier)).to.deep.equal(judge(packet, verifier));
    expect(verifier.replay.size).to.equal(0);
    expect(verifier.replay.floor).to.equal(0);
  });
});

describe('a packet that is refused', () => {
  it('has no claim before a client is found', () => {
    expect(judge(sealed().subarray(1))).to.deep.equal({ accepted: false, reason: 'length' });
    expect(judge(sealed({ time: NOW.unix + 180_000 }))).to.deep.equal({ accepted: false, reason: 'gate' });
    expect(judge(sealed({ actionCode: actionCode(99) }))).to.deep.equal({
      accepted: false,
      reason: 'locator',
    });
    expect(judge(sealed({}, clientOf('mallory', 9)))).to.deep.equal({ accepted: false, reason: 'locator' });
  });

  it('has the claim of the client that its locator names from there on', () => {
    const packet = sealed();
    packet[40] = (packet[40] ?? 0) ^ 1;
    expect(judge(packet)).to.deep.equal({ accepted: false, reason: 'tag', claim: CLAIM });
  });

  it('is stale below the floor of the replay cache', () => {
    const verifier = { ...verifierOf(), replay: new ReplayCache({ floor: minute(MINUTE + 1), tags: [] }) };
    expect(judge(sealed(), verifier)).to.deep.equal({ accepted: false, reason: 'stale', claim: CLAIM });
    expect(judge(sealed({ time: NOW.unix + 60_000 }), verifier)).to.deep.include({ accepted: true });
  });

  it('is a duplicate from the same source within two seconds, else a replay', () => {
    const verifier = verifierOf();
    const packet = sealed();
    accept(verifier, packet);
    const at = (monotonic: number, source = SOURCE) =>
      verify(verifier, datagramOf(packet, source), { ...NOW, monotonic });
    expect(at(3_000)).to.deep.equal({ accepted: false, reason: 'duplicate', claim: CLAIM });
    expect(at(3_001)).to.deep.equal({ accepted: false, reason: 'replay', claim: CLAIM });
    expect(at(1_000, OTHER_SOURCE)).to.deep.equal({ accepted: false, reason: 'replay', claim: CLAIM });
  });

  it('is measured by the clock that never steps when it comes twice', () => {
    const verifier = verifierOf();
    const packet = sealed();
    accept(verifier, packet);
    const stepped = { unix: NOW.unix + 60_000, monotonic: NOW.monotonic };
    expect(verify(verifier, datagramOf(packet), stepped)).to.deep.include({ reason: 'duplicate' });
  });

  it('is refused by the policy with a reason of its own', () => {
    const refused = (client: Partial<Client>, message: Partial<Message> = {}) => {
      const verdict = judge(sealed(message), verifierOf({ clients: [{ ...alice, ...client }] }));
      expect(verdict).to.deep.include({ accepted: false, claim: CLAIM });
      return verdict.accepted ? 'accepted' : verdict.reason;
    };
    expect(refused({ actions: new Set(['vpn']) })).to.equal('action');
    expect(refused({ from: [network('192.0.2.0/24')] })).to.equal('network');
    expect(refused({ notAfter: NOW.unix })).to.equal('expired');
    expect(refused({}, { address: OTHER_SOURCE })).to.equal('address');
    expect(refused({}, { argument: 'web' })).to.equal('pattern');
  });

  it('leaves the replay cache as it was, whatever the reason', () => {
    const verifier = verifierOf({ clients: [{ ...alice, notAfter: NOW.unix }] });
    for (const packet of [
      sealed(),
      sealed().map((byte, at) => (at < 28 ? byte : byte ^ 1)),
      sealed({ actionCode: actionCode(99) }),
      new Uint8Array(9),
    ]) {
      expect(judge(packet, verifier).accepted).to.equal(false);
    }
    expect(verifier.replay.size).to.equal(0);
    expect(verifier.replay.floor).to.equal(0);
  });

  it('has a sentence for its reason', () => {
    for (const [reason, text] of Object.entries(REASON_TEXT)) {
      expect(text, reason).to.match(/^[a-z].*[^.]$/);
    }
    expect(new Set(Object.values(REASON_TEXT)).size).to.equal(Object.keys(REASON_TEXT).length);
  });
});

describe('a forbidden action', () => {
  it('is told from a stranger: the locators of all actions are known for all clients', () => {
    const packet = sealed({}, bob);
    expect(judge(packet)).to.deep.equal({
      accepted: false,
      reason: 'action',
      claim: { ...CLAIM, client: 'bob' },
      tag: Buffer.from(packet.subarray(-32)),
    });
  });

  it('is refused after everything that the packet itself can have wrong', () => {
    const packet = sealed({}, bob);
    const judgedBy = (replay: ReplayCache, payload = packet) => judge(payload, { ...verifierOf(), replay });
    const tags = [{ minute: MINUTE, tag: packet.subarray(-32) }];
    const empty = new ReplayCache({ floor: minute(0), tags: [] });
    expect(judgedBy(empty)).to.deep.include({ reason: 'action' });
    expect(judgedBy(new ReplayCache({ floor: MINUTE, tags }))).to.deep.include({ reason: 'replay' });
    expect(judgedBy(new ReplayCache({ floor: minute(MINUTE + 1), tags }))).to.deep.include({
      reason: 'stale',
    });
    const changed = packet.map((byte, at) => (at === 28 ? byte ^ 1 : byte));
    expect(judgedBy(empty, changed)).to.deep.include({ reason: 'tag' });
  });
});

describe('the clients of one server', () => {
  it('cannot seal for one another', () => {
    const verdicts = [alice, bob].map((client) =>
      judge(sealed({ actionCode: actionCode(22), argument: 'web' }, client)),
    );
    expect(verdicts.map((verdict) => verdict.claim?.client)).to.deep.equal(['alice', 'bob']);
    expect(verdicts.every(({ accepted }) => accepted)).to.equal(true);
  });

  it('each get a tag of their own for the same message and the same randomness', () => {
    const message: Message = {
      actionCode: SSH,
      duration: 0,
      time: NOW.unix,
      address: undefined,
      argument: '',
    };
    const randomness = { iv: new Uint8Array(16), blocks: 4 };
    const tags = [alice, bob].map(({ keys }) =>
      Buffer.from(
        sealWith({ serverId: ID, gate: GATE, client: keys }, message, randomness).subarray(-32),
      ).toString('hex'),
    );
    expect(tags[0]).not.to.equal(tags[1]);
  });
});

describe('the window', () => {
  it('follows the clock from one datagram to the next, both ways', () => {
    const verifier = verifierOf();
    const packet = sealed();
    const at = (offset: number) => judge(packet, verifier, { ...NOW, unix: NOW.unix + offset * 60_000 });
    for (const offset of [0, 2, 3, 1, -2, -3, 0, 1000, 0]) {
      const expected = Math.abs(offset) <= 2;
      expect(at(offset).accepted, `${offset} minutes`).to.equal(expected);
      if (!expected) expect(at(offset)).to.deep.equal({ accepted: false, reason: 'gate' });
    }
  });

  it('ends with the millisecond', () => {
    const packet = sealed();
    const lastOfWindow = (MINUTE + 3) * 60_000 - 1;
    expect(judge(packet, verifierOf(), { ...NOW, unix: lastOfWindow }).accepted).to.equal(true);
    expect(judge(packet, verifierOf(), { ...NOW, unix: lastOfWindow + 1 }).accepted).to.equal(false);
  });
});
