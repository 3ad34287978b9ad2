import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import {
  actionCode,
  ADDRESS_SIZE,
  authenticate,
  BLOCK_SIZE,
  computeTag,
  decrypt,
  encrypt,
  GATE_SIZE,
  MAX_BLOCKS,
  MAX_PACKET_SIZE,
  MIN_BLOCKS,
  MIN_PACKET_SIZE,
  minute,
  openAuthenticated,
  parsePacket,
  seal,
  sealWith,
  serverId,
  TAG_SIZE,
  type Candidate,
  type Message,
  type MessageFault,
  type Packet,
} from '@bouncer-spa/protocol';
import { sentenceOf } from './range-error.js';
import {
  hex,
  messageOf,
  negativeCases,
  positiveCase,
  positiveCases,
  randomnessOf,
  sealerOf,
  toHex,
  type PositiveCase,
} from './vectors.js';

const base = positiveCase('base');
const sealer = sealerOf(base);
const candidate = candidateOf(base);

function candidateOf(vector: PositiveCase): Candidate {
  return {
    keys: sealerOf(vector).client,
    minute: minute(vector.minute),
    actionCode: actionCode(vector.input.actionCode),
  };
}

function parsed(bytes: Uint8Array): Packet {
  const packet = parsePacket(bytes);
  if (packet === 'length') throw new Error(`${bytes.length} bytes are refused`);
  return packet;
}

/** A packet of the base vector's client around a plaintext of its own making, with a right tag. */
function around(plaintext: Uint8Array): Packet {
  const iv = hex(base.input.iv);
  const ciphertext = encrypt(sealer.client, iv, plaintext);
  const tag = computeTag(sealer.client, hex(base.associatedData), iv, ciphertext);
  return parsed(Buffer.concat([hex(base.gate), hex(base.locator), iv, ciphertext, tag]));
}

/** What opening says to the base vector's message with some bytes replaced. */
function opened(...patches: [offset: number, bytes: readonly number[]][]): Message | MessageFault {
  const plaintext = hex(base.message);
  for (const [offset, bytes] of patches) plaintext.set(bytes, offset);
  const packet = around(plaintext);
  expect(authenticate(packet, sealer.serverId, sealer.client)).to.equal(true);
  return openAuthenticated(packet, candidate);
}

describe('the sizes of a packet', () => {
  it('are those of PROTOCOL.md section 4', () => {
    expect({ GATE_SIZE, BLOCK_SIZE, TAG_SIZE, ADDRESS_SIZE }).to.deep.equal({
      GATE_SIZE: 4,
      BLOCK_SIZE: 16,
      TAG_SIZE: 32,
      ADDRESS_SIZE: 16,
    });
    expect([MIN_BLOCKS, MAX_BLOCKS, MIN_PACKET_SIZE, MAX_PACKET_SIZE]).to.deep.equal([4, 28, 124, 508]);
  });
});

describe('sealWith', () => {
  for (const vector of positiveCases) {
    it(`makes the packet of the vector ${vector.name}, byte for byte`, () => {
      const bytes = sealWith(sealerOf(vector), messageOf(vector), randomnessOf(vector));
      const packet = parsed(bytes);
      expect(toHex(packet.head)).to.equal(vector.gate + vector.locator);
      expect(toHex(packet.iv)).to.equal(vector.input.iv);
      expect(toHex(decrypt(sealerOf(vector).client, packet.iv, packet.ciphertext))).to.equal(
        `${vector.message}01`,
      );
      expect(toHex(packet.ciphertext)).to.equal(vector.ciphertext);
      expect(toHex(packet.tag)).to.equal(vector.tag);
      expect(toHex(bytes)).to.equal(vector.packet);
      expect(Buffer.from(bytes).toString('base64')).to.equal(vector.base64);
    });
  }

  it('refuses an IV that is not one block', () => {
    for (const length of [0, 12, 15, 17, 32]) {
      const iv = new Uint8Array(length);
      expect(sentenceOf(() => sealWith(sealer, messageOf(base), { iv, blocks: 5 }))).to.equal(
        `iv expected 16 bytes, got ${length}`,
      );
    }
  });
});

describe('seal', () => {
  const COUNT = 5_000;

  for (const { argument, fewest } of [
    { argument: '', fewest: 4 },
    { argument: 'a'.repeat(64), fewest: 8 },
  ]) {
    it(`draws every number of blocks from ${fewest} to 28 equally often`, () => {
      const counts = new Map<number, number>();
      for (let drawn = 0; drawn < COUNT; drawn++) {
        const { length } = seal(sealer, { ...messageOf(base), argument });
        const blocks = (length - 60) / 16;
        counts.set(blocks, (counts.get(blocks) ?? 0) + 1);
      }
      const choices = MAX_BLOCKS - fewest + 1;
      const expected = Array.from({ length: choices }, (_, index) => fewest + index);
      expect([...counts.keys()].sort((a, b) => a - b)).to.deep.equal(expected);
      // Eight standard deviations: a right implementation fails once in 10^13 runs.
      const mean = COUNT / choices;
      const most = 8 * Math.sqrt(mean);
      for (const [blocks, count] of counts) {
        expect(Math.abs(count - mean), `${blocks} blocks`).to.be.lessThan(most);
      }
    }).timeout(20_000);
  }

  it('takes a fresh IV for every packet, all bits of which are used', () => {
    const ivs = new Set<string>();
    const ones = Buffer.alloc(16);
    const zeros = Buffer.alloc(16);
    for (let drawn = 0; drawn < COUNT; drawn++) {
      const { iv } = parsed(seal(sealer, messageOf(base)));
      ivs.add(toHex(iv));
      iv.forEach((byte, at) => {
        ones[at] = (ones[at] ?? 0) | byte;
        zeros[at] = (zeros[at] ?? 0) | ~byte;
      });
    }
    expect(ivs.size).to.equal(COUNT);
    expect(toHex(ones) + toHex(zeros)).to.equal('ff'.repeat(32));
  }).timeout(20_000);

  it('makes packets that are those of sealWith with the same randomness', () => {
    for (let drawn = 0; drawn < 50; drawn++) {
      const bytes = seal(sealer, messageOf(base));
      const { iv, ciphertext } = parsed(bytes);
      const blocks = ciphertext.length / 16;
      expect(toHex(bytes)).to.equal(toHex(sealWith(sealer, messageOf(base), { iv, blocks })));
    }
  });
});

describe('parsePacket', () => {
  it('takes exactly the lengths 124 to 508 in steps of 16', () => {
    const taken: number[] = [];
    for (let length = 0; length <= 2048; length++) {
      if (parsePacket(new Uint8Array(length)) !== 'length') taken.push(length);
    }
    expect(taken).to.deep.equal(Array.from({ length: 25 }, (_, index) => 124 + 16 * index));
  });

  it('splits every positive vector into its fields, gate and locator most significant byte first', () => {
    for (const vector of positiveCases) {
      const packet = parsed(hex(vector.packet));
      expect(packet.gate, vector.name).to.equal(Number(`0x${vector.gate}`));
      expect(toHex(packet.head), vector.name).to.equal(vector.gate + vector.locator);
      expect(toHex(packet.iv), vector.name).to.equal(vector.input.iv);
      expect(toHex(packet.ciphertext), vector.name).to.equal(vector.ciphertext);
      expect(toHex(packet.tag), vector.name).to.equal(vector.tag);
    }
  });

  it('reads a packet that is a view into a larger buffer', () => {
    const larger = new Uint8Array(600).fill(0xee);
    larger.set(hex(base.packet), 7);
    const packet = parsed(larger.subarray(7, 7 + base.packet.length / 2));
    expect(packet.gate).to.equal(Number(`0x${base.gate}`));
    expect(toHex(packet.tag)).to.equal(base.tag);
  });
});

describe('authenticate', () => {
  it('finds every positive vector good for its own server and client', () => {
    for (const vector of positiveCases) {
      const { serverId: id, client } = sealerOf(vector);
      expect(authenticate(parsed(hex(vector.packet)), id, client), vector.name).to.equal(true);
    }
  });

  it('finds a packet bad for another server id, though keys and bytes are the same', () => {
    for (const other of ['gate.example.net', 'gate.example.orG', 'gate.example.or', 'gate.example.org.']) {
      expect(authenticate(parsed(hex(base.packet)), serverId(other), sealer.client)).to.equal(false);
    }
  });

  it('finds a packet bad for another client', () => {
    const bob = sealerOf(positiveCase('client-bob')).client;
    expect(authenticate(parsed(hex(base.packet)), sealer.serverId, bob)).to.equal(false);
  });

  it('covers the head, so that a packet cannot be moved to another minute or action', () => {
    for (let at = 0; at < 12; at++) {
      const bytes = hex(base.packet);
      bytes[at] = (bytes[at] ?? 0) ^ 0x80;
      expect(authenticate(parsed(bytes), sealer.serverId, sealer.client), `byte ${at}`).to.equal(false);
    }
  });

  it('finds every tag of the negative vectors bad, and the packets of later checks good', () => {
    for (const { name, reason, packet } of negativeCases) {
      if (['length', 'gate', 'locator', 'stale', 'replay'].includes(reason)) continue;
      expect(authenticate(parsed(hex(packet)), sealer.serverId, sealer.client), name).to.equal(
        reason !== 'tag',
      );
    }
  });

  it('computes A as section 6 says, with the HMAC of node:crypto over it', () => {
    const packet = parsed(hex(base.packet));
    const length = Buffer.alloc(8);
    length.writeUInt32BE(hex(base.associatedData).length * 8, 4);
    const tag = createHmac('sha512', hex(base.keys.packet).subarray(0, 32))
      .update(Buffer.concat([hex(base.associatedData), packet.iv, packet.ciphertext, length]))
      .digest('hex');
    expect(tag.slice(0, 64)).to.equal(base.tag);
  });
});

describe('openAuthenticated', () => {
  it('reads the message of every positive vector', () => {
    for (const vector of positiveCases) {
      const message = openAuthenticated(parsed(hex(vector.packet)), candidateOf(vector));
      expect(message, vector.name).to.deep.equal(messageOf(vector));
    }
  });

  it('refuses every negative vector of checks 7 to 14 for its reason', () => {
    const later = ['padding', 'password', 'version', 'flags', 'code', 'time', 'argument', 'fill'];
    const cases = negativeCases.filter(({ reason }) => later.includes(reason));
    expect(new Set(cases.map(({ reason }) => reason)).size).to.equal(later.length);
    for (const { name, reason, packet } of cases) {
      expect(openAuthenticated(parsed(hex(packet)), candidate), name).to.equal(reason);
    }
  });

  it('finds the base message good when nothing is replaced', () => {
    expect(opened()).to.deep.equal(messageOf(base));
  });

  it('refuses a password with any one bit wrong', () => {
    const password = hex(base.password);
    password.forEach((byte, at) => {
      for (let bit = 0; bit < 8; bit++) expect(opened([at, [byte ^ (1 << bit)]])).to.equal('password');
    });
  });

  it('refuses every version but 1', () => {
    for (let version = 0; version < 256; version++) {
      if (version !== 1) expect(opened([16, [version]]), `version ${version}`).to.equal('version');
    }
  });

  it('refuses every flag', () => {
    for (let flags = 1; flags < 256; flags++)
      expect(opened([17, [flags]]), `flags ${flags}`).to.equal('flags');
  });

  it('refuses an action code with any one bit other than the locator says', () => {
    for (let bit = 0; bit < 16; bit++) {
      const code = base.input.actionCode ^ (1 << bit);
      expect(opened([18, [code >> 8, code & 0xff]]), `code ${code}`).to.equal('code');
    }
  });

  it('takes the first and the last millisecond of the minute, and none beside it', () => {
    const first = base.minute * 60_000;
    const at = (time: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt(time));
      return opened([24, [...bytes]]);
    };
    expect(at(first)).to.deep.include({ time: first });
    expect(at(first + 59_999)).to.deep.include({ time: first + 59_999 });
    expect(at(first - 1)).to.equal('time');
    expect(at(first + 60_000)).to.equal('time');
  });

  it('reads the largest time that is exact, and refuses the next', () => {
    const time = Number.MAX_SAFE_INTEGER;
    const last = { ...candidate, minute: minute(150_119_987_579) };
    const bytes = sealWith(sealer, { ...messageOf(base), time }, randomnessOf(base));
    expect(openAuthenticated(parsed(bytes), last)).to.deep.equal({ ...messageOf(base), time });
    const plaintext = decrypt(sealer.client, parsed(bytes).iv, parsed(bytes).ciphertext).subarray(0, -1);
    plaintext.writeBigUInt64BE(2n ** 53n, 24);
    expect(openAuthenticated(around(plaintext), last)).to.equal('time');
  });

  it('counts all 64 bits of the time', () => {
    const time = hex(base.message).subarray(24, 32);
    // Below bit 16 a change may stay in the minute.
    for (let bit = 16; bit < 64; bit++) {
      const bytes = Buffer.from(time);
      const at = 7 - Math.floor(bit / 8);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
      expect(opened([24, [...bytes]]), `bit ${bit}`).to.equal('time');
    }
  });

  it('takes any 16 bytes as an address, and zero as none', () => {
    expect(opened([32, Array<number>(16).fill(0)])).to.deep.include({ address: undefined });
    for (const address of [
      Array<number>(16).fill(0xff),
      [...Array<number>(15).fill(0), 1],
      [1, ...Array<number>(15).fill(0)],
    ]) {
      expect(opened([32, address])).to.deep.include({ address: Uint8Array.from(address) });
    }
  });

  it('gives an address that does not change with the buffer of the packet', () => {
    const bytes = hex(base.packet);
    const message = openAuthenticated(parsed(bytes), candidate);
    bytes.fill(0);
    expect(message).to.deep.equal(messageOf(base));
  });

  it('takes the argument as it is: no byte order mark is stripped, nothing is normalised', () => {
    for (const argument of ['\ufeffx', 'e\u0301', '\u00e9', ' x ', '\u2028', '\x7f\x01\n']) {
      const bytes = Buffer.from(argument);
      const fill = Array<number>(7).fill(0);
      expect(opened([49, fill], [48, [bytes.length, ...bytes]]), JSON.stringify(argument)).to.deep.include({
        argument,
      });
    }
  });

  it('refuses a fill with any one bit set', () => {
    const first = 49 + base.input.argument.length;
    const { length } = hex(base.message);
    for (let at = first; at < length; at++) {
      for (let bit = 0; bit < 8; bit++) expect(opened([at, [1 << bit]]), `byte ${at}`).to.equal('fill');
    }
  });

  it('refuses an argument that ends behind the message, whatever the number of blocks', () => {
    for (const blocks of [4, 5, 6, 7]) {
      const room = 16 * blocks - 50;
      const plaintext = Buffer.alloc(16 * blocks - 1, 'a');
      plaintext.set(hex(base.message).subarray(0, 48));
      plaintext[48] = room;
      expect(openAuthenticated(around(plaintext), candidate)).to.deep.include({ argument: 'a'.repeat(room) });
      plaintext[48] = room + 1;
      expect(openAuthenticated(around(plaintext), candidate), `${blocks} blocks`).to.equal('argument');
    }
  });
});
