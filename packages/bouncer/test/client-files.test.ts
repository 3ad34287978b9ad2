import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveClientKeys, parseSeed, serverId } from '@bouncer-spa/protocol';
import type { Client } from '@bouncer-spa/bouncer/dist/core/policy.js';
import { ConfigError } from '@bouncer-spa/bouncer/dist/system/config-error.js';
import { loadConfig } from '@bouncer-spa/bouncer/dist/system/config-file.js';

const ID = serverId('gw1.example.net');

const CONFIG = `[server]
id = "${ID}"
gate_key_file = "gate.key"
state_dir = "state"
clients_dir = "clients.d"

[capture]
port = 51324

[actions.ssh]
code = 21
run = ["/bin/true"]
`;

/** A seed of 64 equal digits. */
function digits(digit: string): string {
  return digit.repeat(64);
}

function keysOf(digit: string): Client['keys'] {
  return deriveClientKeys(parseSeed(digits(digit)), ID);
}

describe('A folder of clients', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-clients-'));
    mkdirSync(join(folder, 'clients.d'), { mode: 0o700 });
    write('bouncer.toml', CONFIG);
    write('gate.key', digits('0'));
    write('clients.d/alice.toml', `[clients.alice]\nseed = "${digits('a')}"\nactions = ["ssh"]\n`);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function path(name: string): string {
    return join(folder, name);
  }

  function write(name: string, text: string, mode = 0o600): void {
    writeFileSync(path(name), text);
    chmodSync(path(name), mode);
  }

  async function clients(): Promise<readonly Client[]> {
    return (await loadConfig(path('bouncer.toml'))).policy.clients;
  }

  async function problems(): Promise<readonly string[]> {
    try {
      await clients();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.lines.map((line) => line.replaceAll(folder, ''));
    }
    throw new Error('the config was taken for good');
  }

  it('adds the clients of all its files to those of the config', async () => {
    write('carol.seed', digits('c'));
    write('bouncer.toml', `${CONFIG}[clients.carol]\nseed_file = "carol.seed"\nactions = []\n`);
    write(
      'clients.d/some.toml',
      `[clients.bob]\nseed = "${digits('b')}"\nactions = []\nfrom = ["192.0.2.0/24"]\nnot_after = 2027-06-30\nbind = "strict"\n` +
        '[clients.dora]\nseed_file = "dora.seed"\nactions = ["ssh"]\n',
    );
    write('dora.seed', digits('d'));
    const found = await clients();
    expect(found.map(({ name, keys }) => [name, keys])).to.deep.equal([
      ['carol', keysOf('c')],
      ['alice', keysOf('a')],
      ['bob', keysOf('b')],
      ['dora', keysOf('d')],
    ]);
    expect(found[2]).to.deep.include({
      bind: 'strict',
      notAfter: Date.parse('2027-07-01T00:00:00Z'),
      actions: new Set(),
    });
  });

  it('leaves alone what is hidden and what does not end in .toml', async () => {
    write('clients.d/.bob.toml', 'broken');
    write('clients.d/bob.toml~', 'broken');
    expect((await clients()).map(({ name }) => name)).to.deep.equal(['alice']);
  });

  it('has nobody in it when it is empty', async () => {
    rmSync(path('clients.d/alice.toml'));
    expect(await clients()).to.be.empty;
  });

  it('may hold a previous seed, which is accepted until a date and not beyond the client itself', async () => {
    const previous = `previous_seed = "${digits('b')}"\nprevious_until = 2027-01-01T12:00:00Z\n`;
    const alice = `[clients.alice]\nseed = "${digits('a')}"\nactions = ["ssh"]\n${previous}`;
    write('clients.d/alice.toml', alice);
    const until = Date.parse('2027-01-01T12:00:00Z');
    const both = await clients();
    expect(both.map(({ name, keys, notAfter }) => [name, keys, notAfter])).to.deep.equal([
      ['alice', keysOf('a'), undefined],
      ['alice', keysOf('b'), until],
    ]);
    expect(both[1]?.actions).to.deep.equal(new Set(['ssh']));

    write('clients.d/alice.toml', `${alice}not_after = 2026-12-31\n`);
    const end = Date.parse('2027-01-01T00:00:00Z');
    expect((await clients()).map(({ notAfter }) => notAfter)).to.deep.equal([end, end]);
  });

  it('has each of its problems told, also if there are more than a call can have arguments', async () => {
    const bad = Array.from(
      { length: 70_000 },
      (_, number) => `[clients.c${number}]\nseed = "${digits('a')}"\nactions = ["vpn", "web"]\n`,
    );
    write('clients.d/bad.toml', bad.join(''));
    expect(await problems()).to.have.length.greaterThan(140_000);
  });

  const ALICE = '/clients.d/alice.toml';
  for (const { what, prepare, says } of [
    {
      what: 'does not exist',
      prepare: () => {
        rmSync(path('clients.d'), { recursive: true });
      },
      says: ['/bouncer.toml: server.clients_dir: /clients.d does not exist'],
    },
    {
      what: 'has a file that others can read',
      prepare: () => {
        chmodSync(path('clients.d/alice.toml'), 0o644);
      },
      says: [`${ALICE}: has mode 0644, so others can read it: chmod 600 ${ALICE}`],
    },
    {
      what: 'can be written to by others',
      prepare: () => {
        chmodSync(path('clients.d'), 0o777);
      },
      says: [`${ALICE}: is below /clients.d, which others can write to: chmod go-w /clients.d`],
    },
    {
      what: 'has a file that is not TOML',
      prepare: () => {
        write('clients.d/alice.toml', `[clients.alice]\nseed = "${digits('a')}`);
      },
      says: [`${ALICE} line 2: unfinished string`],
    },
    {
      what: 'has a file with tables and keys that do not belong there',
      prepare: () => {
        write(
          'clients.d/alice.toml',
          `seed = "x"\n[actions.vpn]\ncode = 1\n[clients.alice]\nseed = "${digits('a')}"\nactions = ["ssh"]\nkey = 1\n`,
        );
      },
      says: [
        `${ALICE}: clients.alice.key: unknown key`,
        `${ALICE}: seed: unknown key`,
        `${ALICE}: actions: unknown key`,
      ],
    },
    {
      what: 'has a client without a seed and with an action that does not exist',
      prepare: () => {
        write('clients.d/alice.toml', '[clients.alice]\nactions = ["vpn"]\n');
      },
      says: [
        `${ALICE}: clients.alice.seed_file: is missing`,
        `${ALICE}: clients.alice.actions: there is no action "vpn"`,
      ],
    },
    {
      what: 'has a client with two places for its seed',
      prepare: () => {
        write(
          'clients.d/alice.toml',
          `[clients.alice]\nseed = "${digits('a')}"\nseed_file = "gate.key"\nactions = []\n`,
        );
      },
      says: [`${ALICE}: clients.alice.seed: seed_file is there too; only one can be`],
    },
    {
      what: 'has seeds that are none, which are not repeated',
      prepare: () => {
        write(
          'clients.d/alice.toml',
          `[clients.alice]\nseed = "${digits('a')}b"\nprevious_seed = "${digits('b')}x"\nprevious_until = 2027-01-01\nactions = []\n`,
        );
      },
      says: [
        `${ALICE}: clients.alice.seed: seed expected 64 hexadecimal digits, got 65`,
        `${ALICE}: clients.alice.previous_seed: seed expected 64 hexadecimal digits, got other characters`,
      ],
    },
    {
      what: 'has a previous seed without an end',
      prepare: () => {
        write(
          'clients.d/alice.toml',
          `[clients.alice]\nseed = "${digits('a')}"\nprevious_seed = "${digits('b')}"\nactions = []\n`,
        );
      },
      says: [`${ALICE}: clients.alice.previous_until: is missing, and previous_seed is there`],
    },
    {
      what: 'has an end without a previous seed, and one that is not clear',
      prepare: () => {
        write(
          'clients.d/alice.toml',
          `[clients.alice]\nseed = "${digits('a')}"\nprevious_until = 2027-01-01T00:00:00\nactions = []\n`,
        );
      },
      says: [
        `${ALICE}: clients.alice.previous_seed: is missing, and previous_until is there`,
        `${ALICE}: clients.alice.previous_until: needs a date, and a time needs an offset such as Z`,
      ],
    },
    {
      what: 'has a client that the config has too',
      prepare: () => {
        write('alice.seed', digits('b'));
        write('bouncer.toml', `${CONFIG}[clients.alice]\nseed_file = "alice.seed"\nactions = []\n`);
      },
      says: [`${ALICE}: clients.alice: is in the config already`],
    },
    {
      what: 'has a client in two files',
      prepare: () => {
        write('clients.d/zoe.toml', `[clients.alice]\nseed = "${digits('b')}"\nactions = []\n`);
      },
      says: [`/clients.d/zoe.toml: clients.alice: is in ${ALICE} already`],
    },
    {
      what: 'has a secret in two places',
      prepare: () => {
        write('clients.d/bob.toml', `[clients.bob]\nseed = "${digits('A')}"\nactions = []\n`);
        write(
          'clients.d/carol.toml',
          `[clients.carol]\nseed = "${digits('0')}"\nprevious_seed = "${digits('a')}"\nprevious_until = 2027-01-01\nactions = []\n`,
        );
      },
      says: [
        '/clients.d/bob.toml: clients.bob.seed: holds the same seed as that of clients.alice',
        '/clients.d/carol.toml: clients.carol.seed: holds the gate key, which all clients know: make a seed',
        '/clients.d/carol.toml: clients.carol.previous_seed: holds the same seed as that of clients.alice',
      ],
    },
  ]) {
    it(`that ${what} is refused`, async () => {
      prepare();
      expect(await problems()).to.deep.equal(says);
    });
  }

  it('is the only place for a seed: in the config, which others may read, it is refused', async () => {
    write(
      'bouncer.toml',
      `${CONFIG}[clients.bob]\nseed = "${digits('b')}"\nactions = []\nprevious_seed = "${digits('c')}"\nprevious_until = 2027-01-01\n`,
    );
    const reason = 'is a secret: write it into a file of server.clients_dir, of mode 0600';
    expect(await problems()).to.deep.equal([
      `/bouncer.toml: clients.bob.seed: ${reason}`,
      `/bouncer.toml: clients.bob.previous_seed: ${reason}`,
    ]);
  });
});
