import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  gateKey,
  seal,
  seed,
  serverId,
  type Message,
  type Sealer,
} from '@bouncer-spa/protocol';

export const PORT = 51_324;
export const SERVER_ID = 'gw1.example.net';

/** What a test wants of the tables that every config has. */
interface CommonKeys {
  readonly interface?: string | readonly string[];
  /** Further lines of `[capture]` and of `[server]`. */
  readonly capture?: string;
  readonly server?: string;
  readonly port?: number;
  readonly delta?: number;
}

/** A bouncer's folder with keys and config, and what its clients know. */
export class Installation {
  readonly folder: string;
  readonly #gateKey = gateKey(randomBytes(32));
  readonly #seeds = new Map<string, Uint8Array>();

  private constructor(folder: string) {
    this.folder = folder;
    this.writeSecret('gate.key', this.#gateKey);
  }

  static make(): Installation {
    const folder = mkdtempSync(join(tmpdir(), 'bouncer-test-'));
    return new Installation(folder);
  }

  get config(): string {
    return this.path('bouncer.toml');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Makes a client's seed file, `NAME.seed`. */
  addClient(name: string): void {
    const bytes = randomBytes(32);
    this.#seeds.set(name, bytes);
    this.writeSecret(`${name}.seed`, bytes);
  }

  /** Makes clients that may use one action, so many in each file of the folder `clients.d`. */
  addClientFiles(names: readonly string[], action: string, perFile: number): void {
    mkdirSync(this.path('clients.d'), { mode: 0o700 });
    for (let first = 0; first < names.length; first += perFile) {
      const tables = names.slice(first, first + perFile).map((name) => {
        const bytes = randomBytes(32);
        this.#seeds.set(name, bytes);
        return `[clients.${name}]\nseed = "${bytes.toString('hex')}"\nactions = ["${action}"]\n`;
      });
      writeFileSync(this.path(`clients.d/${first}.toml`), tables.join('\n'), { mode: 0o600 });
    }
  }

  /** Writes the config: server and capture as most tests want them, and the tables given. */
  writeConfig(
    tables: string,
    { interface: device = 'any', capture = '', server = '', port = PORT, delta = 2 }: CommonKeys = {},
  ): void {
    const config = `[server]
id = "${SERVER_ID}"
gate_key_file = "gate.key"
state_dir = "state"
control_socket = "control.sock"
${server}

[capture]
interface = ${JSON.stringify(device)}
port = ${port}
delta = ${delta}
${capture}

${tables}`;
    writeFileSync(this.config, config, { mode: 0o600 });
  }

  /** Writes an executable shell script for an action to run. @returns its path */
  writeScript(name: string, body: string): string {
    const path = this.path(name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o700 });
    return path;
  }

  writePassword(name: string, text: string): void {
    writeFileSync(this.path(name), `${text}\n`, { mode: 0o600 });
  }

  writeSecret(name: string, bytes: Uint8Array): void {
    writeFileSync(this.path(name), `${Buffer.from(bytes).toString('hex')}\n`, { mode: 0o600 });
  }

  /** Writes opener's profile for a client. @returns its path */
  writeProfile(client: string, host: string, actions: Readonly<Record<string, number>>): string {
    const path = this.path(`${client}.profile.toml`);
    const codes = Object.entries(actions).map(([name, code]) => `${name} = ${code}\n`);
    const profile = `host = "${host}"
port = ${PORT}
server_id = "${SERVER_ID}"
gate_key_file = "gate.key"
seed_file = "${client}.seed"
[actions]
${codes.join('')}`;
    writeFileSync(path, profile, { mode: 0o600 });
    return path;
  }

  /** What a client seals with; for a server of another id if one is given. */
  sealer(client: string, id: string = SERVER_ID): Sealer {
    const bytes = this.#seeds.get(client);
    if (bytes === undefined) throw new Error(`no client ${client}`);
    return {
      serverId: serverId(id),
      gate: deriveGateSubkey(this.#gateKey, serverId(id)),
      client: deriveClientKeys(seed(bytes), serverId(id)),
    };
  }

  /** A fresh packet of a client, sealed now. */
  packet(client: string, code: number, fields: Partial<Message> = {}): Uint8Array {
    return seal(this.sealer(client), message(code, fields));
  }

  /** The content of a file in the folder, empty if there is none. */
  read(name: string): string {
    try {
      return readFileSync(this.path(name), 'utf8');
    } catch {
      return '';
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A message sealed now that asks for an action and nothing else. */
export function message(code: number, fields: Partial<Message> = {}): Message {
  return {
    actionCode: actionCode(code),
    duration: 0,
    time: Date.now(),
    address: undefined,
    argument: '',
    ...fields,
  };
}
