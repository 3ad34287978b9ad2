import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Bouncer, isListening, type LogRecord } from '../../../test/support/bouncer.js';
import { PORT, SERVER_ID, type Installation } from '../../../test/support/installation.js';
import { waitFor } from '../../../test/support/wait.js';
import { GATE_SIZE } from '@bouncer-spa/protocol';
import type { Arena } from '../arena.js';
import { RANDOM_JUNK, type Conditions, type Contender, type JunkKind, type Listener } from '../contender.js';
import type { Junk } from '../flood.js';

const CODE = 21;
const PATIENCE = 120_000;

/** Records of its log that are told when it does not do what is waited for. */
const LAST_RECORDS = 10;

/** Bytes that all packets of a client for an action begin with, within a minute. */
const GATE_AND_LOCATOR = GATE_SIZE + 8;

export const bouncer: Contender = { name: 'bouncer', label: 'bouncer', pause: 15, start };

async function start(arena: Arena, { clients, node }: Conditions): Promise<Listener> {
  const { network, installation, programs } = arena;
  configure(arena, clients);
  const began = Date.now();
  const daemon = Bouncer.spawn(
    network,
    network.server,
    installation,
    [],
    node === undefined ? undefined : [node],
    programs.bouncer,
  );
  /** Waits for a record. @returns the time of it by the daemon's clock, in milliseconds */
  const said = async (what: string, matches: (record: LogRecord) => boolean, from = 0): Promise<number> => {
    const look = (): LogRecord | undefined => daemon.records.slice(from).find(matches);
    try {
      return Date.parse(String((await waitFor(`bouncer to say ${what}`, look, PATIENCE))['time']));
    } catch (cause) {
      const last = daemon.records.slice(-LAST_RECORDS).map((record) => JSON.stringify(record));
      const said = [...last, daemon.complaints].join('\n');
      throw new Error(`${String(cause)}; its last words were:\n${said}`, { cause });
    }
  };
  return {
    startMilliseconds: (await said('that it listens', isListening)) - began,
    port: PORT,
    requests: (count) =>
      Array.from({ length: count }, () => [{ port: PORT, payload: installation.packet('alice', CODE) }]),
    junk: (kind) => junk(installation, kind),
    reload: async () => {
      const from = daemon.records.length;
      const asked = Date.now();
      daemon.child.kill('SIGHUP');
      return (await said('that it has reloaded', ({ msg }) => msg === 'config reloaded', from)) - asked;
    },
    stop: () => daemon.kill(),
  };
}

/**
 * All clients but one are in one file of a folder. That one is in the config, with its seed in a file.
 * The limit of running actions is out of the way, since the peers have none.
 */
function configure({ installation, programs, actions }: Arena, clients: number): void {
  installation.addClient('alice');
  mkdirSync(installation.path('clients.d'), { mode: 0o700 });
  const others = Array.from(
    { length: clients - 1 },
    (_, index) => `[clients.c${index}]\nseed = "${randomBytes(32).toString('hex')}"\nactions = ["note"]\n`,
  );
  writeFileSync(installation.path('clients.d/others.toml'), others.join(''), { mode: 0o600 });
  const config = `[server]
id = "${SERVER_ID}"
gate_key_file = "gate.key"
state_dir = "state"
clients_dir = "clients.d"
control_socket = "control.sock"

[capture]
port = ${PORT}

[limits]
running = 1024

[actions.note]
code = ${CODE}
run = ["${programs.action}", "${actions.path}"]

[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
`;
  writeFileSync(installation.config, config, { mode: 0o600 });
}

function junk(installation: Installation, kind: JunkKind): Junk {
  if (kind === 'random') return RANDOM_JUNK;
  const known = {
    'right length': 0,
    'sniffed gate': GATE_SIZE,
    'sniffed gate and locator': GATE_AND_LOCATOR,
  };
  const head = installation.packet('alice', CODE).subarray(0, known[kind]);
  return { shape: 'packet', head: Buffer.from(head).toString('hex') };
}
